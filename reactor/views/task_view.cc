#include "reactor/views/task_view.h"

#include <algorithm>

#include "reactor/os/files.h"
#include "reactor/store/ancestor_stream.h"
#include "reactor/store/recorded_chronicle.h"
#include "reactor/store/recorded_task.h"
#include "reactor/store/stream_lock.h"
#include "reactor/views/time_left.h"

namespace thermos {
namespace {

void add_outlooks(TaskView& view, Microseconds now) {
  if (!view.task || view.history->state() != TaskState::Active) return;
  for (ProcessIndex p = 0; p < view.task->processes.size(); ++p) {
    const std::string& name = view.task->processes[p].name;
    const auto found = view.history->find(name);
    if (!found) continue;
    const Outlook outlook = outlook_of(*view.task, p, view.history->process(*found), now);
    if (outlook.fatal || outlook.next_try) view.outlooks.emplace(name, outlook);
  }
}

}  // namespace

TaskView view_task(const Paths& paths, const TaskEntry& entry) {
  TaskView view;
  view.entry = entry;
  if (entry.directory == TaskDirectory::Active) {
    view.task = read_recorded_config(paths, entry.id, entry.directory);
  }
  Result<History> history = read_recorded_task(paths, entry.id);
  if (history) {
    view.history = std::move(*history);
  } else if (history.error().code == ErrorCode::NotFound &&
             entry.directory == TaskDirectory::Active) {
    // The task was created, and its runner has not written yet.
    view.history.emplace();
  } else {
    view.error = history.error().message;
  }
  view.recorded_by = owner_of(paths.runner_stream(entry.id));
  return view;
}

std::optional<TaskView> view_task_at(const Paths& paths, const TaskEntry& entry, Microseconds at) {
  TaskView view;
  view.entry = entry;
  const Result<Chronicle> chronicle = read_chronicle(paths, entry.id, at);
  if (!chronicle) {
    if (chronicle.error().code == ErrorCode::NotFound) return std::nullopt;
    view.error = chronicle.error().message;
    return view;
  }
  const auto& header = chronicle->history().header();
  if (!header || header->launch_time > at) return std::nullopt;
  return view_of_past(paths, entry, *chronicle);
}

TaskView view_of_past(const Paths& paths, const TaskEntry& entry, const Chronicle& chronicle) {
  TaskView view;
  view.entry = entry;
  view.history = chronicle.history();
  const bool over = is_terminal(view.history->state());
  view.entry.directory = over ? TaskDirectory::Finished : TaskDirectory::Active;
  if (!over) view.task = read_recorded_config(paths, entry.id, entry.directory);
  view.recorded_by = owner_of(paths.runner_stream(entry.id));
  return view;
}

std::vector<std::string> process_names(const Paths& paths, const TaskView& view) {
  std::vector<std::string> names;
  for (const ProcessHistory& process : view.history->processes()) names.push_back(process.name);
  const auto task = read_recorded_config(paths, view.entry.id, view.entry.directory);
  if (!task) return names;
  for (const ProcessConfig& process : task->processes) {
    if (!view.history->find(process.name)) names.push_back(process.name);
  }
  return names;
}

void look_closer(TaskView& view, const Paths& paths, Microseconds now, bool past) {
  if (!view.history || is_terminal(view.history->state())) return;
  add_outlooks(view, now);
  if (view.task) view.pools = pool_outlooks(*view.task, *view.history, now);
  if (past) return;
  const Result<bool> led = stream_is_locked(paths.runner_stream(view.entry.id));
  view.abandoned = led && !*led;
}

std::optional<Microseconds> time_left_of(const TaskView& view, const Paths& paths,
                                         Microseconds now) {
  if (!view.task || !view.history || view.history->steps().empty()) return std::nullopt;
  if (view.history->state() != TaskState::Active) return std::nullopt;
  // The history's boot times count from the boot in which the task ran, so the current boot time is
  // computed from the last step.
  const Timestamp step = view.history->steps().back().status.at;
  return TimeLeft(paths, *view.task, view.entry.id)
      .of(*view.history, {now, step.boot + std::max<Microseconds>(now - step.wall, 0)});
}

std::string state_name(const TaskView& view) {
  if (!view.history) return "?";
  return std::string(name_of(view.history->state()));
}

std::optional<Microseconds> since(const TaskView& view) {
  if (!view.history || view.history->steps().empty()) return std::nullopt;
  const std::vector<TaskStep>& steps = view.history->steps();
  // The first of the consecutive steps with the state of the last one.
  std::size_t at = steps.size() - 1;
  while (at > 0 && steps[at - 1].status.state == steps.back().status.state) --at;
  return steps[at].status.at.wall;
}

std::optional<Microseconds> launched(const TaskView& view) {
  if (!view.history || !view.history->header()) return std::nullopt;
  return view.history->header()->launch_time;
}

}  // namespace thermos
