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

  Launch launch = Launch::Works;
  Death death = Death::Never;    // of the coordinator
  bool unrecorded_tree = false;  // it died after the exec and before RUNNING was written
  Microseconds held = 0;         // in the shell, where the launch can still be given up
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
  bool early_signal_lost = false;  // one that comes before FORKED finds nobody
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

  // The `attempt`-th launch of `p`, from 0. Its misfortunes end after some attempts, or a task
  // could go on for ever.
  RunScript run(ProcessIndex p, std::uint32_t attempt) const;
};

struct Shape {
  bool kills = true;
  bool wall_jumps = false;
  bool orders = true;
  std::uint32_t most_processes = 10;
};

Script make_script(std::uint64_t seed, const Shape& shape);

}  // namespace thermos::sim
