// The configuration of a task, with every default filled in and every reference bound.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/boxed.h"
#include "core/base/signal.h"
#include "core/base/times.h"
#include "core/task/named.h"

namespace thermos {

// A process's index in TaskConfig::processes. The program identifies processes by it; names are for
// people and for the disk.
using ProcessIndex = std::uint32_t;

struct Resources {
  double cpu = 0;         // cores
  std::int64_t ram = 0;   // bytes
  std::int64_t disk = 0;  // bytes
  bool operator==(const Resources&) const = default;
};

// Where a process's output goes: to files in the log directory, to the output of the program that
// runs the task, to both, or nowhere.
enum class LogDestination : std::uint8_t { File, Console, Both, None };
// Standard: one file that grows. Rotate: files of a bounded size and number.
enum class LogMode : std::uint8_t { Standard, Rotate };

struct RotatePolicy {
  std::int64_t log_size = 100 * (std::int64_t{1} << 20);  // bytes of one file
  std::uint32_t backups = 5;                              // how many full files are kept
  bool operator==(const RotatePolicy&) const = default;
};

struct Logger {
  LogDestination destination = LogDestination::File;
  LogMode mode = LogMode::Standard;
  RotatePolicy rotate;  // for LogMode::Rotate
  bool operator==(const Logger&) const = default;
};

// The condition that one process must meet before another process may start.
enum class Condition : std::uint8_t {
  // The process has finished: it succeeded, or is ephemeral and has failed as often as it may.
  Success,
  Start,  // a run of the process has been RUNNING
  Ready,  // a run of the process has been ready
  End,    // the process has finished or failed, and will not run again
};
inline constexpr std::size_t kConditions = 4;

// The wait before a rerun after a failure: `first` after the first failure in a row, then each time
// `factor` times as long, at most `most`.
struct Backoff {
  Microseconds first = kSecond;
  double factor = 2;  // 1 or more
  Microseconds most = 300 * kSecond;
  // If a run that lasted this long fails, its failure counts as the first in a row again.
  std::optional<Microseconds> reset;
  bool operator==(const Backoff&) const = default;
};

// A question that a process is asked again and again. Exactly one of the members before `interval`
// is given.
struct Asking {
  std::string cmd;                  // a command line for bash, which exits with 0
  std::string tcp;                  // "host:port", which takes connections
  std::string unix_socket;          // the path of a socket that takes connections
  std::string http;                 // a URL that answers with status 200 to 399
  std::string file;                 // a path that exists
  std::string log;                  // a Pattern that is found in a line of its output
  bool notify = false;              // not asked: the process says so itself (sd_notify(3))
  Microseconds interval = kSecond;  // from one question to the next
  Microseconds timeout = kSecond;   // that one answer may take
  bool operator==(const Asking&) const = default;
};

// Asked until the process is ready.
struct Ready : Asking {
  Microseconds within = 60 * kSecond;  // from RUNNING; a run that is not ready by then has failed
  bool operator==(const Ready&) const = default;
};

inline constexpr std::uint32_t kMaxHealthFailures = 65'535;

// Asked as long as a process runs, once it is ready. There is no `log`, because what was found
// stays found, and no `notify`, because ProcessConfig::watchdog is that.
struct Healthy : Asking {
  std::uint32_t failures = 3;  // after this many refusals in a row the run has failed
  bool operator==(const Healthy&) const = default;
};

// A variable whose value is never recorded: only its source is. Exactly one of `file` and `cmd` is
// given.
struct Secret {
  std::string file;   // an absolute path
  std::string cmd;    // a command line for bash, which prints the value
  bool root = false;  // `file` is read with the rights of the program that runs the task
  bool operator==(const Secret&) const = default;
};

// How a run of the process is asked to end when the task yields, where that differs from a stop.
struct OnYield {
  std::optional<SignalNumber> signal;  // nothing: the process's stop_signal
  // From the signal to SIGKILL, within the time that the task has; nothing: all of that time.
  std::optional<Microseconds> wait;
  bool operator==(const OnYield&) const = default;
};

// The machines that a task runs on, besides its leader's machine or instead of it.
struct Nodes {
  // How the coordinators of a node are started: "slurm", "ssh:A,B", or "A,B=COMMAND" with {node} in
  // the command.
  std::string by;
  // A command with {node} in it, which exits with 0 when that node is gone. Empty: the command that
  // `by` has for that.
  std::string gone;
  bool operator==(const Nodes&) const = default;
};

struct ProcessConfig {
  // The planner and the check read these members of a million processes in any order, so these
  // members lie together.
  std::string name;
  std::uint32_t max_failures = 1;  // 0: no limit
  // This many runs that were KILLED, but not by orders, make the process fail; 0: no limit.
  std::uint32_t max_kills = 0;
  bool daemon = false;                      // the process runs again after a success
  bool ephemeral = false;                   // the task neither waits for it nor fails because of it
  bool final = false;                       // runs in FINALIZING
  Microseconds min_duration = 5 * kSecond;  // from the last end to the next start

  std::string cmdline;        // what bash runs; empty if there is an `argv`
  Named<Condition> needs;     // by the names of the processes that it needs
  Named<std::uint32_t> uses;  // how much a run takes of each pool, by its name
  Boxed<Backoff> backoff;     // nothing: the task's backoff
  // The longest time from RUNNING to the end of a run. A run that takes longer is ended, and has
  // FAILED.
  std::optional<Microseconds> timeout;
  std::optional<Resources> resources;
  std::optional<Logger> logger;   // nothing: the task's default
  std::vector<std::string> argv;  // run without a shell; empty if there is a `cmdline`
  Named<std::string> env;         // takes precedence over the task's
  // The directory in which a run starts, relative to the sandbox. Empty: the task's.
  std::string cwd;
  std::string input;                               // a file of the sandbox; empty: no input
  std::vector<std::uint32_t> success_codes = {0};  // exit codes, 0 to 255
  SignalNumber stop_signal;
  // The time from stop_signal to SIGKILL; nothing: as long as the task or the order allows.
  std::optional<Microseconds> stop_wait;
  Boxed<Ready> ready;      // nothing: the process is never asked
  Boxed<Healthy> healthy;  // nothing: the process is never asked
  bool notify = false;     // the process gets a NOTIFY_SOCKET; see may_notify()
  // A run that does not say WATCHDOG=1 for this long has FAILED. Nothing: a run need not say it.
  std::optional<Microseconds> watchdog;
  Boxed<OnYield> on_yield;
  // How long a run takes. No run starts if the task has the machine for less time. Nothing: not
  // known.
  std::optional<Microseconds> time;
  Named<Secret> secret;       // takes precedence over the task's
  Named<std::string> matrix;  // the process's combination, if a matrix made the process
  // The files and directories of the sandbox that the process makes. Empty: the process does not
  // say.
  std::vector<std::string> outputs;
  std::string on;  // the node that it runs on (node_choice.h); empty: any node that has room
  // Files of the sandbox: `needs_files` are brought to the process's node before a run starts, and
  // `makes_files` come from there before the run's success is on record.
  std::vector<std::string> needs_files;
  std::vector<std::string> makes_files;
  // These two exist only in a configuration as it is written. They are empty on record.
  std::vector<std::string> env_file;
  std::vector<Named<std::string>> exclude;
  bool operator==(const ProcessConfig&) const = default;
};

struct Constraint {
  std::vector<std::string> order;  // each process waits for the success of the one before
  bool operator==(const Constraint&) const = default;
};

struct TaskConfig {
  std::string name;
  std::vector<ProcessConfig> processes;
  std::vector<Constraint> constraints;
  std::optional<Resources> resources;
  std::uint32_t max_failures = 1;     // this many failed processes fail the task; 0: no limit
  std::uint32_t max_concurrency = 0;  // 0: no limit
  bool keep_going = false;            // max_failures ends the task only when nothing more can run
  Named<std::uint32_t> pools;         // how much each pool holds, by its name
  Microseconds finalization_wait = 30 * kSecond;
  Boxed<Backoff> backoff;             // of all processes without one
  std::string user;                   // empty: the user who runs it
  Named<std::string> env;             // of all processes
  std::string cwd;                    // of processes without one; empty: the sandbox
  Named<Secret> secret;               // of all processes
  Boxed<Nodes> nodes;                 // nothing: only the leader's machine
  std::vector<std::string> env_file;  // only in a configuration as it is written; empty on record
  bool operator==(const TaskConfig&) const = default;
};

// Whether any process of the task needs or makes files that are carried between nodes.
inline bool carries_files(const TaskConfig& task) {
  return std::any_of(task.processes.begin(), task.processes.end(), [](const auto& process) {
    return !process.needs_files.empty() || !process.makes_files.empty();
  });
}

// Whether the process gets a NOTIFY_SOCKET.
inline bool may_notify(const ProcessConfig& process) {
  return process.notify || process.watchdog || (process.ready && process.ready->notify);
}

// Returns the time from a process's stop signal to SIGKILL, if no shorter time is asked for.
inline Microseconds stop_wait_of(const TaskConfig& task, ProcessIndex p) {
  return task.processes[p].stop_wait.value_or(task.finalization_wait);
}

}  // namespace thermos
