// What `thermos run` and `thermos simplerun` share: where a task runs and as whom, and running it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/record/record.h"
#include "core/task/task.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/configuration.h"

namespace thermos {

struct RunOptions {
  std::string sandbox;
  std::string task_id;
  std::string task_name;
  std::string user;
  bool chroot = false;
  std::vector<std::string> ports;
  std::vector<std::string> environment;
  std::string sync = "power";
  std::optional<std::string> keep_logs;
  std::optional<std::string> log_rotate;
  std::optional<std::string> eval_timeout;  // of those commands that take a CONFIG
  bool quiet = false;

  void add_to(OptionParser& parser);
};

// The words for bind_configuration(), and with them the checks that need no configuration: ports,
// bindings, --sync, what only root may do. Usage or NotPermitted.
// `recorded` as for parse_ports().
Result<ConfigurationWords> check_run_options(const RunOptions& options, const Ports& recorded = {});

// May the caller run processes as `user`? NotPermitted.
Status check_user(const std::string& user);

// Does with the task what the options say of it as a whole: --log-rotate. Usage.
Status apply_options(const RunOptions& options, TaskConfig& task);

// Runs a bound task in the foreground, showing it. The sandbox is made if it isn't there.
// `words` are check_run_options()'s; `recorded` is the header of a task that is to go on: BadConfig
// when the options want it elsewhere, or as somebody else.
CommandOutcome run_bound_task(const BoundTask& bound, const ConfigurationWords& words,
                              const RunOptions& options, const CommonOptions& common,
                              const std::optional<RunnerHeader>& recorded);

}  // namespace thermos
