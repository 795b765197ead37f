// Shows everything that is recorded about one task: `thermos inspect --task-id`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "core/task/task.h"
#include "reactor/store/history_json.h"
#include "reactor/store/task_list.h"

namespace thermos {

// The time during which one runner led the task.
struct RunnerSpan {
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
  BootId boot;
  Microseconds from = 0;  // wall
  Microseconds last = 0;  // wall; the time of its last record of the task's state
};
// Returns every runner that led the task, oldest first.
std::vector<RunnerSpan> runners_of(const History& history);

struct TaskInspection {
  TaskEntry entry;
  std::string stream;  // the path of the runner's stream
  History history;
  bool led = false;                    // whether the runner's lock is held
  std::optional<std::int32_t> leader;  // the pid of its holder, if that can be seen
  std::map<std::string, bool> held;    // whether each process's lock is held
  std::optional<TaskConfig> config;    // the recorded configuration; nothing if it can't be read
};

// Reads files and tests locks, and does not wait for one. Fails with NotFound if there is no such
// task, with Corrupt, or with system_error()'s codes.
Result<TaskInspection> inspect_task(const Paths& paths, const std::string& task_id);

// Returns the wall time of the latest transition; nothing if there was none.
std::optional<Microseconds> last_update(const ProcessHistory& process);
std::optional<Microseconds> last_update(const History& history);

// The part of an inspection that is shown.
struct InspectedPart {
  std::optional<std::uint32_t> run;      // of each process; nothing: all
  std::optional<Microseconds> since;     // only what happened at or after this wall time
  std::vector<std::string> processes{};  // names; empty: all processes, and the task itself
  bool has(const Run& run) const;
  bool has(const std::string& process) const;
};

// Returns the text for people, with newlines.
std::string inspection_text(const TaskInspection& task, const InspectedPart& part = {});
// Returns history_json() with these keys added:
// {"shelf","stream","led","leader_pid","last_update_ms",
// "runners":[{"pid","uid","from_ms","last_ms","boot"}],"process_details":{NAME:{"runs","kept_runs",
// "totals","first_failed","last_update_ms","lock_held","cmdline" or "argv"}}}.
Json inspection_json(const TaskInspection& task, const InspectedPart& part = {});

}  // namespace thermos
