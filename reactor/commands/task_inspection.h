// What is on record of one task, all of it: `thermos inspect --task-id`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "reactor/store/history_json.h"
#include "reactor/store/task_list.h"

namespace thermos {

// A runner's time in the lead: from its first record to the next one's.
struct RunnerSpan {
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
  BootId boot;
  Microseconds from = 0;  // wall
  Microseconds last = 0;  // wall, of its last record of the task's own state
};
// Every runner that led, oldest first.
std::vector<RunnerSpan> runners_of(const History& history);

struct TaskInspection {
  TaskEntry entry;
  std::string stream;  // the runner's, its path
  History history;
  bool led = false;                    // the runner's lock is held
  std::optional<std::int32_t> leader;  // by whom, where that can be seen
  std::map<std::string, bool> held;    // whether each process's lock is held
};

// NotFound for no such task, Corrupt, System. Reads files and asks for locks; blocks nobody.
Result<TaskInspection> inspect_task(const Paths& paths, const std::string& task_id);

// When the last thing happened, wall; nothing before the first.
std::optional<Microseconds> last_update(const ProcessHistory& process);
std::optional<Microseconds> last_update(const History& history);

// For people, newlines included.
std::string inspection_text(const TaskInspection& task);
// history_json() and beside it {"shelf","stream","led","leader_pid","last_update_ms","runners":
// [{"pid","uid","from_ms","last_ms","boot"}],"process_details":{NAME:{"runs","kept_runs","totals",
// "first_failed","last_update_ms","lock_held"}}}.
Json inspection_json(const TaskInspection& task);

}  // namespace thermos
