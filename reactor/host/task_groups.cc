// The control groups of a task's processes, where there are any.
#include <spdlog/spdlog.h>

#include <utility>

#include "reactor/host/task_host.h"

namespace thermos {

ProcessGroups::Name TaskHost::group_name(ProcessIndex p, std::uint32_t run) const {
  return {place_.header.task_id, place_.task.processes[p].name, run};
}

// A process that can have no group runs without one.
Descriptor TaskHost::make_group(ProcessIndex p, std::uint32_t run) {
  if (reactor_.groups() == nullptr) return {};
  auto group = reactor_.groups()->make(group_name(p, run), place_.task.resources,
                                       place_.task.processes[p].resources);
  if (group) return std::move(*group);
  spdlog::warn("task {}, process {}: {}; it runs without a control group", place_.header.task_id,
               place_.task.processes[p].name, group.error().message);
  return {};
}

void TaskHost::remove_group(ProcessIndex p, std::uint32_t run) const {
  if (reactor_.groups() != nullptr) ProcessGroups::remove(group_path(p, run));
}

std::string TaskHost::group_path(ProcessIndex p, std::uint32_t run) const {
  const ProcessGroups* const groups = reactor_.groups();
  return groups == nullptr ? std::string() : groups->path_of(group_name(p, run));
}

void TaskHost::clear_groups() const {
  const ProcessGroups* const groups = reactor_.groups();
  if (groups == nullptr) return;
  std::vector<ProcessGroups::Name> living;
  if (!stopped_) {
    for (const auto& [p, line] : lines_) living.push_back(group_name(p, line->run));
  }
  groups->clear_task(place_.header.task_id, living);
}

}  // namespace thermos
