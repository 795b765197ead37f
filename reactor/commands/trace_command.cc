#include <unistd.h>

#include <optional>

#include "core/explain/trace.h"
#include "core/task/check_task.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/new_file.h"
#include "reactor/configuration/configuration.h"
#include "reactor/lookup/task_argument.h"
#include "reactor/os/clocks.h"
#include "reactor/show/otlp_trace.h"
#include "reactor/show/perfetto_trace.h"

namespace thermos {
namespace {

constexpr std::string_view kTraceHelp = R"(Usage: thermos trace [OPTIONS] --perfetto | --otlp TASK

Writes what happened in a task as a trace: a span for the task, for each of its
processes, for each run, and for the waiting before a run. TASK is an id, or a
pattern that matches one task. Reads files. What goes on yet ends at this moment
and has "thermos.open": true.

  --perfetto        trace events, for https://ui.perfetto.dev: a track for each
                    process in flight, and arrows from processes to those that
                    they let run
  --otlp            OTLP JSON (OpenTelemetry), for a collector's /v1/traces
  -o FILE           to a new FILE instead of standard output
  --socket S        a task of the daemon at S (as THERMOS_SOCKET does), whose
                    root only its owner can read
  --root D          may be repeated: the task is searched for in all of them
  --log-level L, --no-color: see `thermos --help`

Each run has a TRACEPARENT in its environment that names its span, so what it
traces by itself is found below. A TRACEPARENT around `thermos run` or `thermos
submit` is the parent of the task.
)";

Error trace_usage(std::string message) {
  return {ErrorCode::Usage, "trace: " + std::move(message)};
}

Result<std::string> trace_text(const Paths& paths, const std::string& word, bool perfetto) {
  const Result<TaskEntry> entry = asked_task(paths, word);
  if (!entry) return entry.error();
  const Result<Chronicle> chronicle = chronicle_at(paths, *entry, {});
  if (!chronicle) return chronicle.error();
  const Result<TaskConfig> task = asked_config(paths, *entry);
  if (!task) return task.error();
  const Result<Graph> graph = check_task(*task, PoolsOf::Daemon);
  if (!graph) return graph.error();
  const Situation situation(*task, *graph, *chronicle, read_clocks().wall);
  const Result<Trace> trace = trace_of(situation);
  if (!trace) return Error{trace.error().code, entry->id + ": " + trace.error().message};
  if (perfetto) return perfetto_text(*trace, task->name + " (" + entry->id + ")");
  return otlp_text(*trace, situation.history().header()->hostname);
}

}  // namespace

CommandOutcome trace_command(const Arguments& arguments, CommonOptions common) {
  bool perfetto = false;
  bool otlp = false;
  std::string file;
  std::optional<std::string> socket;
  OptionParser parser("trace", kTraceHelp, common);
  parser.take_roots();
  parser.flag("--perfetto", perfetto);
  parser.flag("--otlp", otlp);
  parser.text("-o", file);
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& words = **parsed;
  if (words.empty()) return trace_usage("TASK is missing");
  if (words.size() > 1) {
    return trace_usage("takes one TASK; unexpected argument '" + words[1] + "'");
  }
  if (perfetto == otlp) return trace_usage("give --perfetto or --otlp: which kind of trace?");
  const Result<Paths> paths = paths_of_task(common, socket, words.front());
  if (!paths) return paths.error();
  const Result<std::string> text = trace_text(*paths, words.front(), perfetto);
  if (!text) return text.error();
  if (!file.empty() && file != "-") {
    if (Status written = write_new_file("trace", file, *text); !written) return written.error();
    return kExitDone;
  }
  Output out(STDOUT_FILENO);
  out.print(*text);
  return finish_output(out);
}

}  // namespace thermos
