// What a task's configuration says of its processes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/task/task.h"
#include "reactor/store/history_json.h"

namespace thermos::observe {

class ProcessConfigs {
 public:
  explicit ProcessConfigs(TaskConfig task);

  const std::vector<ProcessConfig>& processes() const { return processes_; }
  // {"config", "task"}: what is set of the process, and of the task beside its processes and their
  // order, in the keys and the form of a configuration. What has its default is left out.
  Json json(const ProcessConfig& process) const;
  // The same by its name; nothing if there is none.
  std::optional<Json> json(const std::string& name) const;

 private:
  std::vector<ProcessConfig> processes_;
  Json task_;
};

}  // namespace thermos::observe
