// Runs a task from its beginning to its end and kills one process once, as a failing machine would.
// The command of that process then runs a second time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "core/task/task.h"

namespace thermos {

enum class CrashPoint : std::uint8_t {
  Start,   // when the process has just begun
  Middle,  // after Crash::middle, half of its duration without a crash
  End,     // after its command has ended and before that is recorded: its coordinator dies, too
};
inline constexpr std::array kCrashPoints = {CrashPoint::Start, CrashPoint::Middle, CrashPoint::End};
std::string_view name_of(CrashPoint point);  // "start"

struct Crash {
  std::string process;
  CrashPoint point = CrashPoint::Start;
  Microseconds middle = 0;  // for Middle: the time from RUNNING to the kill
};

// The files of a trial.
struct TrialSite {
  Paths paths;          // a root of its own
  std::string sandbox;  // an existing directory
  std::string marker;   // a path outside the sandbox at which no file exists yet
};

struct TrialEnd {
  TaskState state = TaskState::Success;
  History history;       // with a header
  bool crashed = false;  // false: the process had ended before it could be killed
};

// Runs the task with the id `task_id` in the foreground of this program, as the caller's user, and
// blocks until it has ended. Without a `crash`, kills nothing. SIGINT and SIGTERM end the task as
// they end `thermos run`, and it is then KILLED. Fails as run_in_foreground() does. REQUIRES:
// `task` is bound and checked, and has the process that `crash` names.
Result<TrialEnd> run_trial(const TaskConfig& task, const std::string& task_id,
                           const RunnerHeader& header, const TrialSite& site,
                           const std::optional<Crash>& crash);

// Returns the task as it is run in a trial: output goes to files, and a run that follows a crash
// begins without a wait, unless the process may fail several times. A process without a timeout of
// its own gets the timeout `limit` (nothing: none), because a second run that waits for the first
// one would never end.
TaskConfig for_trials(TaskConfig task, std::optional<Microseconds> limit);

}  // namespace thermos
