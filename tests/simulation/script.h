// What a seed decides beforehand: the task, how each run of each process goes, who kills the task
// and when, and how kind the machine is.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/record/record.h"
#include "core/record/state.h"
#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos::sim {

// Nothing that the machine or the shell does on the way takes longer than this.
inline constexpr Microseconds kLatency = kSecond / 20;

struct RunScript {
  enum class Launch : std::uint8_t {
    Works,
    Short,        // of pids, memory or descriptors: worth another try
    Impossible,   // never worth one
    CannotStart,  // the coordinator itself says so
  };
  enum class Death : std::uint8_t { Never, BeforeForked, BeforeRunning, Running };
  enum class ServerDeath : std::uint8_t { Never, BeforeClone, BeforeAnswer };

  Launch launch = Launch::Works;
  Death death = Death::Never;    // of the coordinator
  bool unrecorded_tree = false;  // it died after the exec and before RUNNING was written
  Microseconds held = 0;         // in the fork server, before it is cloned
  Microseconds fork = 0;         // until FORKED
  Microseconds exec = 0;         // until RUNNING
  Microseconds duration = 0;     // until it ends by itself
  Microseconds death_after = 0;  // from RUNNING, where death is Running
  Microseconds exit = 0;         // from the terminal record to the lock's release
  ProcessState end = ProcessState::Success;
  std::int32_t return_code = 0;
  bool ignores_term = false;
  Microseconds term = 0;  // from SIGTERM to the end
  ProcessState term_end = ProcessState::Killed;
  std::int32_t term_code = -15;

  // What comes in a harsh world alone.
  bool refused_at_once = false;  // a launch that is Short or Impossible: before the fork server
  ServerDeath server_death = ServerDeath::Never;
  bool cut_short = false;          // it died in the middle of writing a record
  Microseconds stopped_after = 0;  // by somebody's SIGSTOP, from its start
  Microseconds stopped_for = 0;    // 0: nobody does
  bool ignores_force = false;      // only SIGKILL ends it
  Microseconds mute_after = 0;     // its disk takes nothing, from its start
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

struct Window {
  Microseconds from = 0;
  Microseconds until = 0;
};

// What the machine does to a task, beyond ending it. In a kind world: nothing.
struct Harshness {
  bool late_unlock = false;          // a close is told before the lock is free
  std::uint32_t overflows = 0;       // of inotify, in a hundred changes
  std::vector<Window> shortages;     // of descriptors, for the runner
  std::vector<Window> no_processes;  // no fork server can be started
  std::vector<Microseconds> server_killed_at;
  std::vector<Window> server_stopped;
  std::uint32_t server_dies = 0;   // at a launch, in a hundred
  std::uint32_t coordinators = 0;  // in a hundred that have something of their own
  std::vector<Window> disk_full;   // the runner's stream takes no record
  std::vector<Window> disk_fails;  // and no sync
  bool loses_names = false;        // a power cut: of files that were made or renamed
  // How much longer than in a kind world anything may take by all this.
  Microseconds slack = 0;

  bool kind() const { return slack == 0; }
};

struct Script {
  std::uint64_t seed = 0;
  TaskConfig task;
  Graph graph;
  std::vector<std::vector<ProcessIndex>> needs;  // the graph the other way round
  std::vector<KillPlan> kills;
  std::vector<OrderPlan> orders;
  std::vector<Microseconds> wall_jumps_at;
  bool compacts = false;  // the shell, now and then
  bool inotify = true;    // without it, records are read when a coordinator exits
  Harshness harsh;

  // The `attempt`-th launch of `p`, from 0. Its misfortunes end after some attempts, or a task
  // could go on for ever.
  RunScript run(ProcessIndex p, std::uint32_t attempt) const;
};

struct Shape {
  bool kills = true;
  bool wall_jumps = false;
  bool orders = true;
  bool harsh = false;
  std::uint32_t most_processes = 10;
};

Script make_script(std::uint64_t seed, const Shape& shape);

}  // namespace thermos::sim
