// One run of a task from its beginning to its end in which one process is killed once, as a machine
// that fails would do it. Its command then runs a second time.
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
  Start,   // when it has just begun
  Middle,  // when half of the time is over that it took without a crash
  End,     // its command has ended, and nobody recorded that: its coordinator dies with it
};
inline constexpr std::array kCrashPoints = {CrashPoint::Start, CrashPoint::Middle, CrashPoint::End};
std::string_view name_of(CrashPoint point);  // "start"

struct Crash {
  std::string process;
  CrashPoint point = CrashPoint::Start;
  Microseconds middle = 0;  // from RUNNING on, for Middle
};

// Where a trial takes place.
struct TrialSite {
  Paths paths;          // a root of its own
  std::string sandbox;  // there already
  std::string marker;   // a file outside the sandbox, which is not there yet
};

struct TrialEnd {
  TaskState state = TaskState::Success;
  History history;       // with a header
  bool crashed = false;  // false: the process had ended before it could be killed
};

// Runs the task of that id in the foreground of this program, as the caller, and blocks until it
// has ended. Without a `crash`, nothing is killed. SIGINT and SIGTERM end it, as they end `thermos
// run`: it is KILLED then. Fails as run_in_foreground() does. REQUIRES: `task` is bound and
// checked, and has the crash's process.
Result<TrialEnd> run_trial(const TaskConfig& task, const std::string& task_id,
                           const RunnerHeader& header, const TrialSite& site,
                           const std::optional<Crash>& crash);

// The task as it is tried: with its output in files, and without waits before a run that follows a
// crash. A run that takes longer than `limit` (nothing: there is none) has failed, if the task does
// not say how long one may take: what waits for its own first run would wait for ever.
TaskConfig for_trials(TaskConfig task, std::optional<Microseconds> limit);

}  // namespace thermos
