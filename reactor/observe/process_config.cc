#include "reactor/observe/process_config.h"

#include <algorithm>
#include <utility>

#include "core/config/to_json.h"
#include "core/task/task_fields.h"

namespace thermos::observe {
namespace {

template <typename Object>
Json json_of(const Object& object) {
  return Json::parse(config::to_json(fields::view_of(object), -1));
}

// Returns the object's fields that differ from their default values.
template <typename Object>
Json set_fields(const Object& object) {
  const Json usual = json_of(Object());
  const Json all = json_of(object);
  Json set = Json::object();
  for (const auto& [key, value] : all.items()) {
    const auto at = usual.find(key);
    if (at == usual.end() || *at != value) set[key] = value;
  }
  return set;
}

}  // namespace

ProcessConfigs::ProcessConfigs(TaskConfig task) : processes_(std::move(task.processes)) {
  task.processes.clear();
  task.constraints.clear();
  task_ = set_fields(task);
}

Json ProcessConfigs::json(const ProcessConfig& process) const {
  return {{"config", set_fields(process)}, {"task", task_}};
}

std::optional<Json> ProcessConfigs::json(const std::string& name) const {
  const auto found = std::find_if(processes_.begin(), processes_.end(),
                                  [&](const ProcessConfig& one) { return one.name == name; });
  if (found == processes_.end()) return std::nullopt;
  return json(*found);
}

}  // namespace thermos::observe
