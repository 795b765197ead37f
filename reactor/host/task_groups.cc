#include "reactor/host/task_groups.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace thermos {

Descriptor TaskGroups::make(ProcessIndex p, std::uint32_t run) const {
  if (reactor_.groups() == nullptr) return {};
  auto group = reactor_.groups()->make(name(p, run), task_.resources, task_.processes[p].resources);
  if (group) return std::move(*group);
  spdlog::warn("task {}, process {}: {}; it runs without a control group", task_id_,
               task_.processes[p].name, group.error().message);
  return {};
}

void TaskGroups::remove(ProcessIndex p, std::uint32_t run) const {
  if (reactor_.groups() != nullptr) ProcessGroups::remove(path(p, run));
}

std::string TaskGroups::path(ProcessIndex p, std::uint32_t run) const {
  const ProcessGroups* const groups = reactor_.groups();
  return groups == nullptr ? std::string() : groups->path_of(name(p, run));
}

void TaskGroups::clear_but(const std::vector<ProcessGroups::Name>& living) const {
  if (reactor_.groups() != nullptr) reactor_.groups()->clear_task(task_id_, living);
}

}  // namespace thermos
