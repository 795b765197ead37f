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
  std::string root{};              // where several are shown; else empty
  std::optional<History> history;  // nullopt: it could not be read
  std::string error;               // why not
  // The configuration of an active task; nothing if it could not be read.
  std::optional<TaskConfig> task{};
  // What comes of the processes of an active task that do not run, by name.
  std::map<std::string, Outlook> outlooks{};
  // Who has and waits for the pools that it uses.
  std::vector<PoolOutlook> pools{};
  // How long an active task will take yet, where earlier tasks tell.
  std::optional<Microseconds> time_left{};
  // An active task without a living runner.
  bool abandoned = false;
  // How many processes have not begun, where `task` does not tell; and their names, where they are
  // to be shown.
  std::size_t not_started = 0;
  std::vector<std::string> not_started_names{};
  // What it takes on the disk, where that was asked for.
  std::optional<TaskDisk> disk{};
  // The owner of its checkpoint, whose rights count where its logs are read.
  std::uint32_t recorded_by = 0;
};

// Reads a task. Does not fail: an unreadable stream is noted in the view's `error`, so that the
// caller can show the other tasks.
TaskView view_task(const Paths& paths, const TaskEntry& entry);
// The same as it was at the wall time `at`; nothing if it had not begun. Its entry's directory is
// the one that it was in.
std::optional<TaskView> view_task_at(const Paths& paths, const TaskEntry& entry, Microseconds at);
// The same of what was read of it up to a moment.
TaskView view_of_past(const Paths& paths, const TaskEntry& entry, const Chronicle& chronicle);
// How long an active task will take yet from the wall time `now` on, by earlier tasks under its
// root; nothing where that is not known.
std::optional<Microseconds> time_left_of(const TaskView& view, const Paths& paths,
                                         Microseconds now);
// Finds what `status` shows beside that: `outlooks` and `pools` at the wall time
// `now`, and, unless that is in the `past`, `abandoned`.
void look_closer(TaskView& view, const Paths& paths, Microseconds now, bool past = false);

// The names of the processes: of all in the configuration, or of those on record if it cannot be
// read. REQUIRES: view.history.
std::vector<std::string> process_names(const Paths& paths, const TaskView& view);

// Returns "ACTIVE", "SUCCESS" and so on, or "?" for a task that could not be read.
std::string state_name(const TaskView& view);
// The wall time since which the task is in its state, and that of its launch; nothing if not known.
std::optional<Microseconds> since(const TaskView& view);
std::optional<Microseconds> launched(const TaskView& view);

}  // namespace thermos
