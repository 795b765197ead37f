// What a seed decides in advance: the task, how each run of each process goes, who kills the task
// and when, and what the machine does to it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/record/record.h"
#include "core/record/state.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos::sim {

// The longest time that any single step of the machine or the shell takes.
inline constexpr Microseconds kLatency = kSecond / 20;

// What a process says of itself (sd_notify(3)).
struct Saying {
  Microseconds after = 0;  // from RUNNING
  ReportKind kind = ReportKind::Status;
  Microseconds more = 0;  // time, if it is Extended
};

struct RunScript {
  enum class Launch : std::uint8_t {
    Works,
    Short,        // of pids, memory or descriptors: another try may work
    Impossible,   // no try can work
    CannotStart,  // the coordinator reports that it can't start the process
  };
  enum class Death : std::uint8_t { Never, BeforeForked, BeforeRunning, Running };
  enum class ServerDeath : std::uint8_t { Never, BeforeClone, BeforeAnswer };

  Launch launch = Launch::Works;
  Death death = Death::Never;    // of the coordinator
  bool unrecorded_tree = false;  // the coordinator died between the exec and writing RUNNING
  Microseconds held = 0;         // how long the fork server holds it before the clone
  Microseconds fork = 0;         // until FORKED
  Microseconds exec = 0;         // until RUNNING
  Microseconds duration = 0;     // until the process ends by itself
  std::optional<Microseconds> ready_after;  // from RUNNING; nothing: it never is
  // From RUNNING on it is healthy for `well`, not for `ill`, and so on; always if `ill` is 0.
  Microseconds well = 0;
  Microseconds ill = 0;
  std::vector<Saying> says;         // by their times
  Microseconds asks_when_told = 0;  // to end: so much time
  Microseconds death_after = 0;     // from RUNNING, where death is Running
  Microseconds exit = 0;            // from the terminal record to the lock's release
  ProcessState end = ProcessState::Success;
  std::int32_t return_code = 0;
  bool ignores_term = false;
  Microseconds term = 0;  // from SIGTERM to the end
  ProcessState term_end = ProcessState::Killed;
  std::int32_t term_code = -15;

  // Only in a harsh world.
  bool refused_at_once = false;  // if Short or Impossible: before the fork server gets the launch
  ServerDeath server_death = ServerDeath::Never;
  bool cut_short = false;          // the coordinator died while it wrote a record
  Microseconds stopped_after = 0;  // from its start until someone's SIGSTOP
  Microseconds stopped_for = 0;    // until SIGCONT; 0: nobody stops it
  bool ignores_force = false;      // only SIGKILL ends it
  Microseconds mute_after = 0;     // from its start until its disk takes no writes
  Microseconds mute_for = 0;
};

struct KillPlan {
  Microseconds at = 0;
  std::optional<Microseconds> wait;
  bool lose = false;
};

struct OrderPlan {
  Microseconds at = 0;
  ProcessIndex process = 0;
  Verb verb = Verb::Start;
  std::optional<Microseconds> wait;
};

// Somebody gives the task another configuration, in which these processes are defined anew. To the
// simulation they are what they were: what counts is that they begin anew.
struct ReplacePlan {
  Microseconds at = 0;
  std::vector<ProcessIndex> changed;
};

// The machine is taken away.
struct YieldPlan {
  Microseconds at = 0;
  Microseconds grace = 0;
  std::optional<Microseconds> ahead;  // before that: the engine ends all that runs by itself
  std::optional<Microseconds> again;  // after the first: a second request
  Microseconds again_grace = 0;
  std::optional<Microseconds> crash;  // after the first: the runner is lost if it is still there
};

struct Window {
  Microseconds from = 0;
  Microseconds until = 0;
};

// The faults of the machine. A kind world has none.
struct Harshness {
  bool late_unlock = false;          // a close is reported before the lock is free
  std::uint32_t overflows = 0;       // of inotify, in a hundred changes
  std::uint32_t lock_asked = 0;      // in how many of a hundred tries somebody asks about a lock
  std::vector<Window> shortages;     // of descriptors, for the runner
  std::vector<Window> no_processes;  // no fork server can be started
  std::vector<Microseconds> server_killed_at;
  std::vector<Window> server_stopped;
  std::uint32_t server_dies = 0;   // in how many of a hundred launches
  std::uint32_t coordinators = 0;  // how many of a hundred have a fault of their own
  std::vector<Window> disk_full;   // the runner's stream takes no record
  std::vector<Window> disk_fails;  // no sync of it succeeds
  bool loses_names = false;        // a power cut may take the names of new and renamed files
  // How much longer anything may take in this world than in a kind one, in microseconds.
  Microseconds slack = 0;

  bool kind() const { return slack == 0; }
};

// What a process waits for.
struct Need {
  ProcessIndex process = 0;
  Condition condition = Condition::Success;
};

struct Script {
  std::uint64_t seed = 0;
  TaskConfig task;
  Graph graph;
  std::vector<std::vector<Need>> needs;  // the graph the other way round
  std::vector<KillPlan> kills;
  std::vector<OrderPlan> orders;
  std::vector<ReplacePlan> replaces;
  std::vector<YieldPlan> yields;
  Microseconds hold = 0;  // as Lead::hold
  // For how long each leader has the machine, the first one first; those after them have no end.
  std::vector<Microseconds> allocations;
  std::vector<Microseconds> wall_jumps_at;
  bool compacts = false;  // the shell compacts its stream now and then
  bool inotify = true;    // without it, records are read when a coordinator exits
  Harshness harsh;

  // The script of the `attempt`-th launch of `p`, counted from 0. Its faults end after some
  // attempts, or a task could run for ever.
  RunScript run(ProcessIndex p, std::uint32_t attempt) const;
};

struct Shape {
  bool kills = true;
  bool wall_jumps = false;
  bool orders = true;
  std::uint32_t yields = 15;  // how many in a hundred seeds
  std::uint32_t replaces = 20;
  bool harsh = false;
  std::uint32_t most_processes = 10;
};

Script make_script(std::uint64_t seed, const Shape& shape);

}  // namespace thermos::sim
