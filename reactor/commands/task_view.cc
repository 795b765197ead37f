#include "reactor/commands/task_view.h"

#include "core/config/load.h"
#include "reactor/os/files.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

std::optional<TaskConfig> read_config(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return std::nullopt;
  auto task = config::load_bound(*text, "the task");
  return task ? std::optional(std::move(*task)) : std::nullopt;
}

}  // namespace

TaskView view_task(const Paths& paths, const TaskEntry& entry) {
  TaskView view{entry, std::nullopt, {}, std::nullopt};
  if (entry.directory == TaskDirectory::Active)
    view.task = read_config(paths.active_task(entry.id));
  Result<RunnerStream> stream = read_runner_stream(paths.runner_stream(entry.id));
  if (stream) {
    view.history = std::move(stream->history);
  } else if (stream.error().code == ErrorCode::NotFound &&
             entry.directory == TaskDirectory::Active) {
    // The task was created, and its runner did not write yet.
    view.history.emplace();
  } else {
    view.error = stream.error().message;
  }
  return view;
}

std::vector<std::string> process_names(const Paths& paths, const TaskView& view) {
  std::vector<std::string> names;
  for (const ProcessHistory& process : view.history->processes()) names.push_back(process.name);
  const std::string path = view.entry.directory == TaskDirectory::Active
                               ? paths.active_task(view.entry.id)
                               : paths.finished_task(view.entry.id);
  const auto task = read_config(path);
  if (!task) return names;
  for (const ProcessConfig& process : task->processes) {
    if (!view.history->find(process.name)) names.push_back(process.name);
  }
  return names;
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
