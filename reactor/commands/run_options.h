// The options and functions that `thermos run` and `thermos simplerun` share: where a task runs, as
// which user, and the run itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/record/record.h"
#include "core/task/task.h"
#include "reactor/commands/ancestor_options.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/yield_options.h"
#include "reactor/configuration/configuration.h"
#include "reactor/host/task_setup.h"

namespace thermos {

struct RunOptions {
  std::string sandbox;
  std::string task_id;
  std::string task_name;
  std::string user;
  std::string hostname;  // the header's hostname; empty: the machine's
  bool chroot = false;
  std::vector<std::string> ports;
  std::vector<std::string> environment;
  std::optional<std::string> sync;  // not for what the daemon runs: it has its own
  std::optional<std::string> keep_logs;
  std::optional<std::string> log_rotate;
  std::optional<std::string> nodes;
  std::optional<std::string> eval_timeout;  // only for commands that take a CONFIG
  bool daemon = false;                      // only for `run`: the daemon runs the task
  bool json = false;                        // CONFIG is not Python, whatever its name
  bool quiet = false;
  bool verbose = false;  // print every transition, also on a terminal
  bool output = false;   // show what processes print
  YieldOptions yield;

  // add_to() adds the options of `run`, `simplerun` and `submit`. add_screen_to() adds those of the
  // commands that lead a task themselves: when its records reach the disk, what is shown, and how
  // it runs inside an allocation.
  void add_to(OptionParser& parser);
  void add_screen_to(OptionParser& parser);
};

// Checks everything that needs no configuration (ports, bindings, --sync, options that only root
// may use) and returns the arguments for bind_configuration(). `recorded` is as for parse_ports().
// Fails with Usage or NotPermitted.
Result<ConfigurationWords> check_run_options(const RunOptions& options, const Ports& recorded = {});

// Fails with NotPermitted if this program may not run processes as `user`, or Usage if there is no
// such user.
Status check_user(const std::string& user);

// Applies the options that change the task: --log-rotate, --nodes, and those of Apache Thermos.
// Replaces a process that is to run on each node by one process for each node (spread_over()).
// Fails with Usage, or as find_nodes() does.
Status apply_options(const RunOptions& options, const AncestorOptions& old, TaskConfig& task);

// Returns the traceparent in this program's environment variable TRACEPARENT; "" if it is not set
// or not valid.
std::string trace_parent_around();

// Runs a bound task in the foreground and shows it. Creates the sandbox if it is missing. `words`
// is the result of check_run_options(). `recorded` is the header of a task that is resumed; the
// call then fails with BadConfig if the options name another sandbox or user. A new task with a
// `predecessor` runs in the predecessor's sandbox and takes over its successes.
CommandOutcome run_bound_task(BoundTask bound, const ConfigurationWords& words,
                              const RunOptions& options, const CommonOptions& common,
                              const std::optional<RunnerHeader>& recorded,
                              const Predecessor& predecessor = {});

}  // namespace thermos
