// The commands of `thermos`. Each takes the arguments after its name and returns the exit status,
// or an error, which the program prints.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "reactor/cli/exit_status.h"
#include "reactor/cli/options.h"

namespace thermos {

using CommandOutcome = Result<ExitStatus>;

CommandOutcome run_command(const Arguments& arguments, CommonOptions common);
CommandOutcome simplerun_command(const Arguments& arguments, CommonOptions common);
CommandOutcome rerun_command(const Arguments& arguments, CommonOptions common);
CommandOutcome resume_command(const Arguments& arguments, CommonOptions common);
CommandOutcome init_command(const Arguments& arguments, CommonOptions common);
CommandOutcome inspect_command(const Arguments& arguments, CommonOptions common);
CommandOutcome graph_command(const Arguments& arguments, CommonOptions common);
CommandOutcome schema_command(const Arguments& arguments, CommonOptions common);
CommandOutcome config_command(const Arguments& arguments, CommonOptions common);
CommandOutcome status_command(const Arguments& arguments, CommonOptions common);
CommandOutcome why_command(const Arguments& arguments, CommonOptions common);
CommandOutcome plan_command(const Arguments& arguments, CommonOptions common);
CommandOutcome crashtest_command(const Arguments& arguments, CommonOptions common);
CommandOutcome trace_command(const Arguments& arguments, CommonOptions common);
CommandOutcome diff_command(const Arguments& arguments, CommonOptions common);
CommandOutcome tail_command(const Arguments& arguments, CommonOptions common);
CommandOutcome kill_command(const Arguments& arguments, CommonOptions common);
CommandOutcome read_command(const Arguments& arguments, CommonOptions common);
CommandOutcome submit_command(const Arguments& arguments, CommonOptions common);
CommandOutcome start_command(const Arguments& arguments, CommonOptions common);
CommandOutcome stop_command(const Arguments& arguments, CommonOptions common);
CommandOutcome restart_command(const Arguments& arguments, CommonOptions common);
CommandOutcome pools_command(const Arguments& arguments, CommonOptions common);
CommandOutcome drain_command(const Arguments& arguments, CommonOptions common);
CommandOutcome wait_command(const Arguments& arguments, CommonOptions common);
CommandOutcome events_command(const Arguments& arguments, CommonOptions common);
CommandOutcome node_command(const Arguments& arguments, CommonOptions common);
CommandOutcome metrics_command(const Arguments& arguments, CommonOptions common);
CommandOutcome observe_command(const Arguments& arguments, CommonOptions common);
CommandOutcome export_command(const Arguments& arguments, CommonOptions common);
CommandOutcome import_command(const Arguments& arguments, CommonOptions common);
CommandOutcome fsck_command(const Arguments& arguments, CommonOptions common);
CommandOutcome gc_command(const Arguments& arguments, CommonOptions common);
CommandOutcome drill_command(const Arguments& arguments, CommonOptions common);
CommandOutcome completion_command(const Arguments& arguments, CommonOptions common);

class Output;
// Returns the outcome of a command that only prints. Fails with System if the output could not be
// written.
CommandOutcome finish_output(const Output& out);

struct Command {
  std::string_view name;
  std::string_view summary;  // for `thermos --help`
  CommandOutcome (*carry_out)(const Arguments& arguments, CommonOptions common);
};
std::span<const Command> commands();

// Runs the program: `words` are argv without the program's name. Prints the error, if there is one,
// and returns the exit status.
int carry_out(const Arguments& words);

}  // namespace thermos
