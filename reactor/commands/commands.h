// The commands of `thermos`. Each takes the words behind its name and gives the exit status, or
// the one error that is to be printed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "reactor/commands/exit_status.h"
#include "reactor/commands/options.h"

namespace thermos {

using CommandOutcome = Result<ExitStatus>;

CommandOutcome run_command(const Arguments& arguments, CommonOptions common);
CommandOutcome simplerun_command(const Arguments& arguments, CommonOptions common);
CommandOutcome inspect_command(const Arguments& arguments, CommonOptions common);
CommandOutcome graph_command(const Arguments& arguments, CommonOptions common);
CommandOutcome schema_command(const Arguments& arguments, CommonOptions common);
CommandOutcome config_command(const Arguments& arguments, CommonOptions common);
CommandOutcome status_command(const Arguments& arguments, CommonOptions common);
CommandOutcome tail_command(const Arguments& arguments, CommonOptions common);
CommandOutcome kill_command(const Arguments& arguments, CommonOptions common);
CommandOutcome read_command(const Arguments& arguments, CommonOptions common);
CommandOutcome submit_command(const Arguments& arguments, CommonOptions common);
CommandOutcome start_command(const Arguments& arguments, CommonOptions common);
CommandOutcome stop_command(const Arguments& arguments, CommonOptions common);
CommandOutcome restart_command(const Arguments& arguments, CommonOptions common);
CommandOutcome drain_command(const Arguments& arguments, CommonOptions common);
CommandOutcome wait_command(const Arguments& arguments, CommonOptions common);
CommandOutcome events_command(const Arguments& arguments, CommonOptions common);
CommandOutcome fsck_command(const Arguments& arguments, CommonOptions common);
CommandOutcome drill_command(const Arguments& arguments, CommonOptions common);

class Output;
// What a command that only prints ends with: System when its output could not be written.
CommandOutcome finish_output(const Output& out);

struct Command {
  std::string_view name;
  std::string_view summary;  // for the overview
  CommandOutcome (*carry_out)(const Arguments& arguments, CommonOptions common);
};
std::span<const Command> commands();

// The whole program behind main(): `words` are argv without the program's name. Returns the exit
// status, having printed the error if there was one.
int carry_out(const Arguments& words);

}  // namespace thermos
