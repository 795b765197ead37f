#include "reactor/host/run_control_groups.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace thermos {

ForkServerClient::MakeGroup TaskGroups::maker(ProcessIndex p, std::uint32_t run) const {
  if (reactor_.groups() == nullptr) return {};
  return [&reactor = reactor_, name = name(p, run), of_task = task_.resources,
          of_process = task_.processes[p].resources]() -> Descriptor {
    if (reactor.groups() == nullptr) return {};
    auto group = reactor.groups()->make(name, of_task, of_process);
    if (group) return std::move(*group);
    spdlog::warn("task {}, process {}: {}; it runs without a control group", name.task_id,
                 name.process, group.error().message);
    return {};
  };
}

void TaskGroups::remove(ProcessIndex p, std::uint32_t run) const {
  if (reactor_.groups() != nullptr) ControlGroups::remove(path(p, run));
}

std::string TaskGroups::path(ProcessIndex p, std::uint32_t run) const {
  const ControlGroups* const groups = reactor_.groups();
  return groups == nullptr ? std::string() : groups->path_of(name(p, run));
}

void TaskGroups::limit() const {
  if (reactor_.groups() != nullptr) reactor_.groups()->limit_task(task_id_, task_.resources);
}

void TaskGroups::clear_but(const std::vector<ControlGroups::Name>& living) const {
  if (reactor_.groups() != nullptr) reactor_.groups()->clear_task(task_id_, living);
}

}  // namespace thermos
