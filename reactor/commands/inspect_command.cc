#include <unistd.h>

#include "core/config/load.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/configuration.h"
#include "reactor/commands/output.h"
#include "reactor/commands/task_text.h"

namespace thermos {
namespace {

constexpr std::string_view kHelp = R"(Usage: thermos inspect [OPTIONS] CONFIG

Shows the task in CONFIG ("-": standard input) as it would run: checked, with
every reference bound. Nothing is run, nothing is written.

  --task NAME       which task, where CONFIG holds several
  -P NAME:PORT      binds {{thermos.ports[NAME]}}; may be repeated
  -E NAME=VALUE     binds {{NAME}}; may be repeated
  --json            the task as one JSON object, every default filled in
  --root D, --log-level L, --no-color: see `thermos --help`
)";

}  // namespace

CommandOutcome inspect_command(const Arguments& arguments, CommonOptions common) {
  std::string task_name;
  std::vector<std::string> ports;
  std::vector<std::string> environment;
  bool json = false;
  OptionParser parser("inspect", kHelp, common);
  parser.text("--task", task_name);
  parser.texts("-P", ports);
  parser.texts("-E", environment);
  parser.flag("--json", json);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& files = **parsed;
  if (files.size() != 1) {
    return Error{ErrorCode::Usage,
                 files.empty() ? "inspect: which CONFIG?"
                               : "inspect: one CONFIG at a time; '" + files[1] + "' is too many"};
  }
  ConfigurationWords words;
  words.task_name = task_name;
  Result<std::map<std::string, std::uint16_t>> bound_ports = parse_ports(ports);
  if (!bound_ports) return bound_ports.error();
  words.ports = std::move(*bound_ports);
  Result<std::map<std::string, std::string>> bound_names = parse_environment(environment);
  if (!bound_names) return bound_names.error();
  words.environment = std::move(*bound_names);

  const Result<ConfigurationText> text = read_configuration(files.front());
  if (!text) return text.error();
  const Result<BoundTask> bound = bind_configuration(*text, words, wall_now());
  if (!bound) return bound.error();
  Output out(STDOUT_FILENO);
  out.print(json ? config::to_json(bound->task, 2) + "\n" : task_text(bound->task));
  return finish_output(out);
}

}  // namespace thermos
