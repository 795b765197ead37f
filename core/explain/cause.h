// The answer to "why?": causes, each with the time of its record, down to what a person can change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/times.h"

namespace thermos {

enum class CauseKind : std::uint8_t {
  // What a process waits for.
  Need,         // a condition of another process that is not met yet
  Never,        // a condition of another process that can't be met any more
  Clock,        // the end of its min_duration or backoff, which count from its last end
  Concurrency,  // a free place under max_concurrency
  Pool,         // a share of a pool
  Hold,         // a user's order stopped it
  Stage,        // a finalizer, while the task is not ending
  Time,         // the machine is the task's for less time than the process takes
  Launch,       // its launch is under way, or the machine is short of something for it
  Turn,         // nothing: the process is about to start
  Leader,       // nobody leads the task
  // What a run is doing, and why it began.
  Runs,       // it runs
  Readiness,  // it runs and is not ready
  Health,     // it runs, and its `healthy` said no
  Ending,     // it was told to end
  Met,        // the last condition that the process needed was met, or it needed nothing
  Again,      // the process had run before, and that run's end did not finish it
  Ordered,    // a user's order: start, stop, restart
  // How a run ended.
  Success,
  Exit,       // with an exit code that is no success
  Signal,     // by a signal
  Memory,     // the kernel ended it: out of memory
  Timeout,    // by its timeout
  Unready,    // not ready in time
  Unhealthy,  // by its `healthy`, or its watchdog
  Unstarted,  // it could not be started
  Lost,       // nobody knows how it ended
  Reboot,     // the machine restarted, or it ran elsewhere
  Shutdown,   // the service manager ended it
  Yield,      // the task gave its machine back
  // The task.
  TaskEnds,  // it is ending, or has ended
  Limit,     // a limit was reached: max_failures or max_kills
  Deadlock,  // nothing could run any more
  Kill,      // a user killed it
  Overrun,   // its stages took longer than finalization_wait
  More,      // how many more causes of the same kind there are, which are not listed
  // What is not known.
  Replaced,   // the configuration has been replaced since
  Forgotten,  // a compaction dropped the records
};
inline constexpr std::size_t kCauseKinds = 38;
// The word in `why --json`: "need", "task_ends".
std::string_view name_of(CauseKind kind);

struct Cause {
  CauseKind kind = CauseKind::Turn;
  std::string process{};               // empty: the task
  std::optional<std::uint32_t> run{};  // of that process
  // When the cause was recorded, and until when it holds: wall times.
  std::optional<Microseconds> time{};
  std::optional<Microseconds> until{};
  std::string text{};  // for people, one line
};

struct Answer {
  std::string process{};  // asked for; empty: the task
  std::optional<std::uint32_t> run{};
  std::string state{};   // of the task, the process's latest run, or the run: "RUNNING"
  std::string answer{};  // one sentence
  std::vector<Cause> causes{};
  std::string advice{};  // what a person can do about it; empty: nothing is wrong
  // The run whose output tells most.
  struct Output {
    std::string process;
    std::uint32_t run = 0;
  };
  std::optional<Output> output{};
};

}  // namespace thermos
