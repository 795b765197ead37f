// The command graph.
#include <unistd.h>

#include <optional>

#include "core/config/load.h"
#include "core/task/check_task.h"
#include "reactor/cli/output.h"
#include "reactor/commands/commands.h"
#include "reactor/configuration/configuration.h"
#include "reactor/os/clocks.h"
#include "reactor/show/graph_text.h"

namespace thermos {
namespace {

constexpr std::string_view kGraphHelp = R"(Usage: thermos graph [OPTIONS] CONFIG

Shows which process waits for which in the task in CONFIG ("-": standard
input), and until when if not for its success, and the longest chain of them.
A CONFIG in Python is executed, as by `thermos inspect`.

  --format F        text (default), dot (for graphviz) or mermaid
  --json            one JSON object instead
  --task NAME       which task, where CONFIG holds several
  -P NAME[:PORT]    binds {{thermos.ports[NAME]}}; may be repeated
  -E NAME=VALUE     binds {{NAME}}; may be repeated
  --eval-timeout S  a CONFIG in Python may take S seconds (60); 0: no limit
  --root D, --log-level L, --no-color: see `thermos --help`
)";

}  // namespace

CommandOutcome graph_command(const Arguments& arguments, CommonOptions common) {
  std::optional<std::string> format;
  std::vector<std::string> ports;
  std::vector<std::string> environment;
  std::optional<std::string> eval_timeout;
  ConfigurationWords words;
  bool json = false;
  OptionParser parser("graph", kGraphHelp, common);
  parser.text("--format", format);
  parser.flag("--json", json);
  parser.text("--task", words.task_name);
  parser.texts("-P", ports);
  parser.texts("-E", environment);
  parser.text("--eval-timeout", eval_timeout);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& files = **parsed;
  if (files.size() != 1) {
    return Error{ErrorCode::Usage,
                 files.empty() ? "graph: CONFIG is missing (\"-\" is standard input)"
                               : "graph: takes one CONFIG; unexpected argument '" + files[1] + "'"};
  }
  const std::string notation = format.value_or("text");
  if (notation != "text" && notation != "dot" && notation != "mermaid") {
    return Error{ErrorCode::Usage, "graph: --format " + notation + ": it is text, dot or mermaid"};
  }
  if (json && format)
    return Error{ErrorCode::Usage, "graph: --json and --format cannot be combined"};
  auto bound_ports = parse_ports(ports);
  if (!bound_ports) return bound_ports.error();
  words.ports = std::move(*bound_ports);
  auto bound_names = parse_environment(environment);
  if (!bound_names) return bound_names.error();
  words.environment = std::move(*bound_names);
  const Result<Microseconds> limit = parse_eval_timeout(eval_timeout);
  if (!limit) return limit.error();
  words.eval_timeout = *limit;

  const Result<ConfigurationText> text = read_configuration(files.front(), words);
  if (!text) return text.error();
  words.pools = PoolsOf::Daemon;
  const Result<BoundTask> bound = bind_configuration(*text, words, read_clocks().wall);
  if (!bound) return bound.error();
  const Result<Graph> graph = check_task(bound->task, words.pools);
  if (!graph) return graph.error();
  Output out(STDOUT_FILENO);
  if (json) {
    out.print(json_text(graph_json(bound->task, *graph)));
  } else if (notation == "dot") {
    out.print(graph_dot(bound->task, *graph));
  } else if (notation == "mermaid") {
    out.print(graph_mermaid(bound->task, *graph));
  } else {
    out.print(graph_text(bound->task, *graph));
  }
  return finish_output(out);
}

}  // namespace thermos
