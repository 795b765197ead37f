#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

constexpr std::array<Command, 35> kCommands = {{
    {"run", "run a task to its end, or go on with one whose runner died", run_command},
    {"simplerun", "run one command as a task", simplerun_command},
    {"resume", "go on with a task whose runner died", resume_command},
    {"rerun", "run what failed in a task again, as a new one", rerun_command},
    {"init", "write a configuration to begin with", init_command},
    {"inspect", "show a configuration as it would run, or all of a task", inspect_command},
    {"graph", "show which process waits for which in a configuration", graph_command},
    {"plan", "say how long a configuration will take", plan_command},
    {"crashtest", "show which commands can't be run twice", crashtest_command},
    {"schema", "print what a configuration may hold, as a JSON Schema", schema_command},
    {"config", "open a Python prompt with the names of .thermos files", config_command},
    {"status", "show tasks and their processes", status_command},
    {"why", "say why a task or a process waits, runs, or failed", why_command},
    {"diff", "show what ran otherwise in another task", diff_command},
    {"trace", "write a task as a trace, for Perfetto or OpenTelemetry", trace_command},
    {"tail", "show what processes print", tail_command},
    {"kill", "end tasks", kill_command},
    {"read", "show a checkpoint", read_command},
    {"submit", "give a task to the daemon", submit_command},
    {"start", "release a process of a task that was stopped", start_command},
    {"stop", "end a process of a task and hold it until it is started", stop_command},
    {"restart", "end a process of a task and run it again", restart_command},
    {"drain", "end all tasks of the daemon, and the daemon", drain_command},
    {"node", "say that a machine of a task is gone, or is back", node_command},
    {"pools", "show what the daemon's tasks share", pools_command},
    {"wait", "wait until a task of the daemon has ended", wait_command},
    {"events", "print what happens to the daemon's tasks", events_command},
    {"metrics", "print metrics of the tasks and the daemon", metrics_command},
    {"observe", "serve what is recorded of tasks over HTTP, to look at", observe_command},
    {"export", "print the job file with which an engine runs a task", export_command},
    {"import", "take over the tasks of a root of Apache Thermos", import_command},
    {"fsck", "check what is recorded, and repair it", fsck_command},
    {"gc", "remove tasks that have ended, with their logs", gc_command},
    {"drill", "kill the daemon and check that nothing is lost", drill_command},
    {"completion", "print a script with which a shell completes words", completion_command},
}};

constexpr std::string_view kOptionHelp = R"(
Every command takes:
  --root D          where tasks are kept (THERMOS_ROOT; else /var/lib/thermos
                    for root, ~/.local/state/thermos for others)
  --log-level L     trace, debug, info, warn (default), error, critical or off
  --no-color        no colours (NO_COLOR does the same)
  -h, --help        describe a command and its options

`thermos` alone is `thermos status`; `thermos --version` prints the version.
)";

std::string overview() {
  std::string text = "Usage: thermos [OPTIONS] COMMAND ...\n\n";
  for (const Command& command : kCommands) {
    text.append("  ").append(pad_right(command.name, 12)).append(command.summary).append("\n");
  }
  return text.append(kOptionHelp);
}

const Command* find_command(std::string_view name) {
  const auto* it = std::find_if(kCommands.begin(), kCommands.end(),
                                [&](const Command& command) { return command.name == name; });
  return it == kCommands.end() ? nullptr : it;
}

// Words from other programs that people may type, and the command to suggest: mostly words for
// looking at tasks.
constexpr std::array<std::pair<std::string_view, std::string_view>, 29> kOtherWords = {{
    {"stat", "status"},
    {"ps", "status"},
    {"ls", "status"},
    {"list", "status"},
    {"show", "status"},
    {"top", "status"},
    {"info", "status"},
    {"describe", "status"},
    {"tasks", "status"},
    {"jobs", "status"},
    {"log", "tail"},
    {"logs", "tail"},
    {"output", "tail"},
    {"cat", "tail"},
    {"watch", "status --watch"},
    {"validate", "inspect --check"},
    {"check", "inspect --check"},
    {"lint", "inspect --check"},
    {"dump", "read"},
    {"up", "run"},
    {"exec", "simplerun"},
    {"add", "submit"},
    {"continue", "resume"},
    {"dag", "graph"},
    {"explain", "why"},
    {"clean", "gc --dry-run"},
    {"cleanup", "gc --dry-run"},
    {"prune", "gc --dry-run"},
    {"vacuum", "gc --dry-run"},
}};

// Returns whether the command ends or removes something. Such a command must not be suggested for a
// mistyped command that only looks, so it is suggested only if its beginning was typed.
bool ends_something(std::string_view name) {
  constexpr std::array<std::string_view, 6> kEnding = {"kill",  "stop",  "restart",
                                                       "drain", "drill", "gc"};
  return std::find(kEnding.begin(), kEnding.end(), name) != kEnding.end();
}

Error unknown_command(const std::string& name) {
  const auto* other = std::find_if(kOtherWords.begin(), kOtherWords.end(),
                                   [&](const auto& word) { return word.first == name; });
  if (other != kOtherWords.end()) {
    return Error{ErrorCode::Usage, "unknown command '" + name + "', did you mean '" +
                                       std::string(other->second) + "'?"};
  }
  std::vector<std::string> names = {"help"};
  for (const Command& command : kCommands) {
    const bool begun = name.starts_with(command.name.substr(0, 3));
    if (begun || !ends_something(command.name)) names.emplace_back(command.name);
  }
  return Error{ErrorCode::Usage, "unknown command '" + name + "'" + did_you_mean(name, names) +
                                     " (`thermos help` lists them)"};
}

CommandOutcome help_command(const Arguments& words, const std::string& help, CommonOptions common) {
  if (words.size() > 1) {
    return Error{ErrorCode::Usage,
                 "help: takes one COMMAND; unexpected argument '" + words[1] + "'"};
  }
  if (!words.empty()) {
    const Command* command = find_command(words.front());
    if (command == nullptr) return unknown_command(words.front());
    return command->carry_out({"--help"}, std::move(common));
  }
  Output out(STDOUT_FILENO);
  out.print(help);
  return finish_output(out);
}

CommandOutcome dispatch(const Arguments& words) {
  CommonOptions common;
  const std::string help = overview();
  OptionParser parser("thermos", help, common, true);
  bool version = false;
  parser.flag("-V,--version", version);
  Result<std::optional<Arguments>> parsed = parser.parse(words);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  Arguments rest = std::move(**parsed);
  if (version) {
    Output out(STDOUT_FILENO);
    out.print("thermos " THERMOS_VERSION "\n");
    return finish_output(out);
  }
  if (rest.empty()) return status_command({}, std::move(common));
  const std::string name = rest.front();
  rest.erase(rest.begin());
  if (name == "help") return help_command(rest, help, std::move(common));
  if (const Command* command = find_command(name)) {
    return command->carry_out(rest, std::move(common));
  }
  return unknown_command(name);
}

}  // namespace

CommandOutcome finish_output(const Output& out) {
  if (out.error() == 0) return kExitDone;
  return system_error("standard output", out.error());
}

std::span<const Command> commands() {
  return kCommands;
}

int carry_out(const Arguments& words) {
  try {
    const CommandOutcome outcome = dispatch(words);
    if (outcome) return *outcome;
    print_error(outcome.error().message);
    return exit_status_of(outcome.error().code);
  } catch (const std::exception& failure) {
    print_error(failure.what());
    return kExitSystem;
  }
}

}  // namespace thermos
