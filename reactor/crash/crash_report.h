// The results of the trials of a task, as text and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/record/state.h"
#include "reactor/crash/crash_trial.h"
#include "reactor/crash/tree_difference.h"
#include "reactor/store/history_json.h"

namespace thermos {

enum class TrialOutcome : std::uint8_t {
  Same,        // the task ended in the same state and made the same files
  Differs,     // the task made different files
  Failed,      // the task ended in another state
  NotReached,  // the process had ended before it could be killed
};
std::string_view name_of(TrialOutcome outcome);  // "not_reached"

struct TrialFinding {
  std::string process;
  CrashPoint point = CrashPoint::Start;
  TrialOutcome outcome = TrialOutcome::Same;
  TaskState state = TaskState::Success;
  std::string reason{};                       // for Failed: what failed, and how
  std::vector<FileDifference> differences{};  // for Differs
};

struct CrashReport {
  std::string task_id;
  Microseconds took = 0;  // the duration of the task without a crash
  std::size_t files = 0;  // the number of files that are compared
  // Differences between two runs without a crash. These files are not compared.
  std::vector<FileDifference> unstable{};
  std::vector<TrialFinding> trials{};  // the trials of a process are adjacent
  std::string kept{};  // the directory with all files of the trials; empty: they were removed

  bool can_run_twice() const;
};

// Returns at most a screenful of text: the processes that can't be run twice, with the first
// differences.
std::string report_text(const CrashReport& report);
Json report_json(const CrashReport& report);

}  // namespace thermos
