// The state of one task for `status`, read from its files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/explain/chronicle.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "core/runner/outlook.h"
#include "core/runner/pool_outlook.h"
#include "core/task/task.h"
#include "reactor/store/task_disk.h"
#include "reactor/store/task_list.h"

namespace thermos {

struct TaskView {
  TaskEntry entry;
  std::string root{};              // set if tasks of several roots are shown; else empty
  std::optional<History> history;  // nullopt: it could not be read
  std::string error;               // why it could not be read
  // The configuration of an active task; nothing if it could not be read.
  std::optional<TaskConfig> task{};
  // The outlooks of the processes of an active task that failed for good or wait for their next
  // try, by name.
  std::map<std::string, Outlook> outlooks{};
  // The pools that the task uses, with the processes that use them and wait for them.
  std::vector<PoolOutlook> pools{};
  // The time until an active task ends, if earlier tasks allow an estimate.
  std::optional<Microseconds> time_left{};
  // An active task without a living runner.
  bool abandoned = false;
  // The number of processes that have not begun, for a view without `task`; and their names, if
  // they are to be shown.
  std::size_t not_started = 0;
  std::vector<std::string> not_started_names{};
  // The disk space that the task uses, if that was asked for.
  std::optional<TaskDisk> disk{};
  // The uid that owns the task's checkpoint; see log_reader_of().
  std::uint32_t recorded_by = 0;
};

// Reads a task. Does not fail: an unreadable stream is noted in the view's `error`, so that the
// caller can show the other tasks.
TaskView view_task(const Paths& paths, const TaskEntry& entry);
// Reads a task as it was at the wall time `at`. Returns nothing if it had not begun then. The
// directory in the view's entry is the one that the task was in at that time.
std::optional<TaskView> view_task_at(const Paths& paths, const TaskEntry& entry, Microseconds at);
// Returns the view of a task from a chronicle, which was read up to a given time.
TaskView view_of_past(const Paths& paths, const TaskEntry& entry, const Chronicle& chronicle);
// Estimates the time from the wall time `now` until an active task ends, from earlier tasks under
// its root. Returns nothing if that is not known.
std::optional<Microseconds> time_left_of(const TaskView& view, const Paths& paths,
                                         Microseconds now);
// Sets the fields that `status` shows in addition: `outlooks` and `pools` at the wall time `now`,
// and `abandoned` unless `now` is in the `past`.
void look_closer(TaskView& view, const Paths& paths, Microseconds now, bool past = false);

// Returns the names of the processes: those on record, then the others in the configuration, if it
// can be read. REQUIRES: view.history.
std::vector<std::string> process_names(const Paths& paths, const TaskView& view);

// Returns "ACTIVE", "SUCCESS" and so on, or "?" for a task that could not be read.
std::string state_name(const TaskView& view);
// since() returns the wall time since which the task has been in its state, launched() that of its
// launch. Both return nothing if it is not known.
std::optional<Microseconds> since(const TaskView& view);
std::optional<Microseconds> launched(const TaskView& view);

}  // namespace thermos
