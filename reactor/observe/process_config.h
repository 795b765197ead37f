// A task's configuration as JSON, one process at a time.
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
  // Returns {"config", "task"}: the fields of the process, and the fields of the task except its
  // processes and their order, with the keys and in the form of a configuration. Fields that have
  // their default value are left out.
  Json json(const ProcessConfig& process) const;
  // The same for the process `name`; nothing if there is no such process.
  std::optional<Json> json(const std::string& name) const;

 private:
  std::vector<ProcessConfig> processes_;
  Json task_;
};

}  // namespace thermos::observe
