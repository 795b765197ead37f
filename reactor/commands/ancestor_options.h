// Options that Apache Thermos's `run` and `simplerun` had. A configuration can set the same.
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
  // Adds the caller's environment variables to the task, whose own variables and secrets take
  // precedence. Gives every process without a logger of its own one with the given destination and
  // mode, and with the policy `rotate` if its output goes to files. Fails with Usage.
  Status apply(TaskConfig& task, const std::optional<RotatePolicy>& rotate) const;
};

// Returns `text` with each reference replaced that names a port, a variable of `environment`, the
// task's id or its user. Other references stay as they are, because the text is a command and not a
// configuration.
std::string bind_command(const std::string& text, const Ports& ports,
                         const std::map<std::string, std::string>& environment,
                         const std::string& task_id, const std::string& user);

}  // namespace thermos
