// Options that Apache Thermos's `run` and `simplerun` had, and that say nothing which a
// configuration could not.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/task/task.h"
#include "reactor/cli/options.h"

namespace thermos {

struct AncestorOptions {
  bool preserve_env = false;
  std::string logger_destination;
  std::string logger_mode;

  void add_to(OptionParser& parser);
  // Fails with Usage. Adds the caller's variables to those of the task, which go over them; and
  // gives every process without a logger of its own one with the destination and the mode, and with
  // the policy `rotate` if its output goes to files.
  Status apply(TaskConfig& task, const std::optional<RotatePolicy>& rotate) const;
};

// Returns `text` with each reference replaced that `ports`, `environment` or the task itself
// answers; others stay as they are, because the text is a command and not a configuration.
std::string bind_command(const std::string& text, const Ports& ports,
                         const std::map<std::string, std::string>& environment,
                         const std::string& task_id, const std::string& user);

}  // namespace thermos
