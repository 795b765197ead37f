// What the trials of a task found, as text and as JSON.
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
  Same,        // the task came to the same end, and made the same
  Differs,     // it made something else
  Failed,      // it came to another end
  NotReached,  // the process had ended before it could be killed
};
std::string_view name_of(TrialOutcome outcome);  // "not_reached"

struct TrialFinding {
  std::string process;
  CrashPoint point = CrashPoint::Start;
  TrialOutcome outcome = TrialOutcome::Same;
  TaskState state = TaskState::Success;
  std::string reason{};                       // of Failed: what failed, and how
  std::vector<FileDifference> differences{};  // of Differs
};

struct CrashReport {
  std::string task_id;
  Microseconds took = 0;  // without a crash
  std::size_t files = 0;  // that are compared
  // What differs between two runs without a crash, and so says nothing.
  std::vector<FileDifference> unstable{};
  std::vector<TrialFinding> trials{};  // those of a process behind each other
  std::string kept{};                  // where all of it is left; empty: nowhere

  bool can_run_twice() const;
};

// On one screen: what can't be run twice, with the first differences.
std::string report_text(const CrashReport& report);
Json report_json(const CrashReport& report);

}  // namespace thermos
