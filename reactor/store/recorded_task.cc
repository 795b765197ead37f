#include "reactor/store/recorded_task.h"

#include <algorithm>

#include "core/config/load.h"
#include "reactor/os/files.h"

namespace thermos {

std::optional<TaskConfig> read_recorded_config(const Paths& paths, const std::string& id,
                                               TaskDirectory directory) {
  const auto text = read_file(directory == TaskDirectory::Active ? paths.active_task(id)
                                                                 : paths.finished_task(id));
  if (!text) return std::nullopt;
  auto task = config::load_bound(*text, "the task");
  return task ? std::optional(std::move(*task)) : std::nullopt;
}

std::size_t not_started(const TaskConfig& task, const History& history) {
  const auto fresh = [&](const ProcessConfig& process) {
    const auto found = history.find(process.name);
    if (!found) return true;
    const ProcessHistory& past = history.process(*found);
    return past.runs.empty() && past.totals.all() == 0;
  };
  return static_cast<std::size_t>(
      std::count_if(task.processes.begin(), task.processes.end(), fresh));
}

}  // namespace thermos
