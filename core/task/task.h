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

// What must have come about of a process before another one may start.
enum class Condition : std::uint8_t {
  Success,  // it has finished: it succeeded, or is ephemeral and has failed as often as it may
  Start,    // a run of it has been RUNNING
  Ready,    // a run of it has been ready
  End,      // it has finished or failed, and will not run again
};
inline constexpr std::size_t kConditions = 4;

// The wait before a rerun after a failure: `first` after the first of them in a row, then each time
// `factor` times as long, at most `most`.
struct Backoff {
  Microseconds first = kSecond;
  double factor = 2;  // 1 or more
  Microseconds most = 300 * kSecond;
  std::optional<Microseconds> reset;  // a failure of a run that lasted so long is again the first
  bool operator==(const Backoff&) const = default;
};

// What a process is asked, again and again. Exactly one question is given.
struct Asking {
  std::string cmd;                  // a command line for bash: exits 0
  std::string tcp;                  // "host:port": takes connections
  std::string unix_socket;          // the path of a socket: takes connections
  std::string http;                 // a URL: answers with status 200 to 399
  std::string file;                 // a path: exists
  std::string log;                  // a Pattern: is found in a line of its output
  bool notify = false;              // not asked: it says so itself, as sd_notify(3) does
  Microseconds interval = kSecond;  // from one asking to the next
  Microseconds timeout = kSecond;   // that one answer may take
  bool operator==(const Asking&) const = default;
};

// Asked until it is ready.
struct Ready : Asking {
  Microseconds within = 60 * kSecond;  // from RUNNING; then the run has failed
  bool operator==(const Ready&) const = default;
};

inline constexpr std::uint32_t kMaxHealthFailures = 65'535;

// Asked as long as it runs, once it is ready. No `log`: what was found stays found; no `notify`:
// that is ProcessConfig::watchdog.
struct Healthy : Asking {
  std::uint32_t failures = 3;  // so many refusals in a row, and the run has failed
  bool operator==(const Healthy&) const = default;
};

// A variable whose value is on no record: only where it comes from is. Exactly one of `file` and
// `cmd` is given.
struct Secret {
  std::string file;   // an absolute path
  std::string cmd;    // a command line for bash, which prints it
  bool root = false;  // `file` is read with the rights of the program that runs the task
  bool operator==(const Secret&) const = default;
};

// How its run is asked to end when the task yields, where that differs from a stop.
struct OnYield {
  std::optional<SignalNumber> signal;  // nothing: the process's stop_signal
  std::optional<Microseconds> wait;  // until SIGKILL, within the task's time; nothing: all of that
  bool operator==(const OnYield&) const = default;
};

// The machines that a task runs on besides, or instead of, its leader's.
struct Nodes {
  // "slurm", "ssh:A,B", or "A,B=COMMAND" with {node} in it: how a node's coordinators are started.
  std::string by;
  // A command with {node} in it: it exits 0 when that node is gone. Empty: what `by` has for that.
  std::string gone;
  bool operator==(const Nodes&) const = default;
};

struct ProcessConfig {
  // The planner and the check ask for these of a million processes, in any order: they lie
  // together.
  std::string name;
  std::uint32_t max_failures = 1;           // 0: no limit
  std::uint32_t max_kills = 0;              // KILLED runs, but by orders, that fail it; 0: no limit
  bool daemon = false;                      // it runs again after a success
  bool ephemeral = false;                   // the task neither waits for it nor fails because of it
  bool final = false;                       // runs in FINALIZING
  Microseconds min_duration = 5 * kSecond;  // from the last end to the next start

  std::string cmdline;        // what bash runs; empty if there is an `argv`
  Named<Condition> needs;     // by the names of processes
  Named<std::uint32_t> uses;  // so much of pools, by their names, while it runs
  Boxed<Backoff> backoff;     // nothing: the task's
  // From RUNNING to the end of a run; one that takes longer is ended, and has FAILED.
  std::optional<Microseconds> timeout;
  std::optional<Resources> resources;
  std::optional<Logger> logger;   // nothing: the task's default
  std::vector<std::string> argv;  // run without a shell; empty if there is a `cmdline`
  Named<std::string> env;         // over the task's
  // Where it starts, relative to the sandbox. Empty: the task's.
  std::string cwd;
  std::string input;                               // a file of the sandbox; empty: no input
  std::vector<std::uint32_t> success_codes = {0};  // exit codes, 0 to 255
  SignalNumber stop_signal;
  // From stop_signal to SIGKILL; nothing: as long as the task or the order allows.
  std::optional<Microseconds> stop_wait;
  Boxed<Ready> ready;      // nothing: it is never asked
  Boxed<Healthy> healthy;  // nothing: it is never asked
  bool notify = false;     // it gets a NOTIFY_SOCKET; see may_notify()
  // A run that does not say WATCHDOG=1 for so long has FAILED. Nothing: it need not.
  std::optional<Microseconds> watchdog;
  Boxed<OnYield> on_yield;
  // What a run takes: none starts when the machine is the task's for less. Nothing: not known.
  std::optional<Microseconds> time;
  Named<Secret> secret;       // over the task's
  Named<std::string> matrix;  // its own combination, where a matrix made it
  // What it makes: files and directories of the sandbox. Empty: it does not say.
  std::vector<std::string> outputs;
  std::string on;  // which node it runs on (on.h); empty: any that has room
  // Files of the sandbox that are brought to its node before a run starts, and that come from there
  // before its success is on record.
  std::vector<std::string> needs_files;
  std::vector<std::string> makes_files;
  // These two are of what is written; nothing of them is on record.
  std::vector<std::string> env_file;
  std::vector<Named<std::string>> exclude;
  bool operator==(const ProcessConfig&) const = default;
};

struct Constraint {
  std::vector<std::string> order;  // each waits for the success of the one before
  bool operator==(const Constraint&) const = default;
};

struct TaskConfig {
  std::string name;
  std::vector<ProcessConfig> processes;
  std::vector<Constraint> constraints;
  std::optional<Resources> resources;
  std::uint32_t max_failures = 1;     // failed processes that fail the task; 0: no limit
  std::uint32_t max_concurrency = 0;  // 0: no limit
  bool keep_going = false;            // max_failures ends the task when nothing more can run
  Named<std::uint32_t> pools;         // how much there is of what processes use, by name
  Microseconds finalization_wait = 30 * kSecond;
  Boxed<Backoff> backoff;             // of all processes that have none of their own
  std::string user;                   // empty: the user who runs it
  Named<std::string> env;             // of all processes
  std::string cwd;                    // of processes without one; empty: the sandbox
  Named<Secret> secret;               // of all processes
  Boxed<Nodes> nodes;                 // nothing: the leader's machine alone
  std::vector<std::string> env_file;  // of what is written; nothing of it is on record
  bool operator==(const TaskConfig&) const = default;
};

// Whether any process of the task needs or makes files of the sandbox that are carried.
inline bool carries_files(const TaskConfig& task) {
  return std::any_of(task.processes.begin(), task.processes.end(), [](const auto& process) {
    return !process.needs_files.empty() || !process.makes_files.empty();
  });
}

// Whether the process gets a NOTIFY_SOCKET.
inline bool may_notify(const ProcessConfig& process) {
  return process.notify || process.watchdog || (process.ready && process.ready->notify);
}

// The time from a process's stop signal to SIGKILL where nothing shorter is asked for.
inline Microseconds stop_wait_of(const TaskConfig& task, ProcessIndex p) {
  return task.processes[p].stop_wait.value_or(task.finalization_wait);
}

}  // namespace thermos
