#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "core/explain/task_metrics.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/new_file.h"
#include "reactor/control/control_client.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/os/errors.h"
#include "reactor/store/task_list.h"
#include "reactor/views/recorded_metrics.h"

namespace thermos {
namespace {

constexpr std::string_view kMetricsHelp = R"(Usage: thermos metrics [OPTIONS]

Prints metrics of the tasks on record (how many there are and how they ended,
how long they and their runs took, the last success of each task's name), and
what the daemon of that root counts of itself, if it runs and may be asked: in
the text format of Prometheus, for promtool and node_exporter's textfile
collector, with OpenMetrics' "# EOF" at its end. METRICS.md describes each.

  -o FILE           to FILE, which is replaced at once, instead of standard
                    output: FILE always holds all of it
  --openmetrics     by the letter of OpenMetrics: counters are described by
                    their names without "_total"
  --socket S        of the daemon at S (as THERMOS_SOCKET does), which must
                    answer
  --root D, --log-level L, --no-color: see `thermos --help`
)";

// A daemon that is busy answers in milliseconds.
constexpr Microseconds kMetricsPatience = 10 * kSecond;

Result<TaskMetrics> metrics_of_tasks(const Paths& paths) {
  const Result<std::vector<TaskEntry>> tasks = list_tasks(paths);
  if (!tasks) return tasks.error();
  TaskMetrics metrics;
  for (const TaskEntry& entry : *tasks) add_recorded_task(paths, entry, metrics);
  return metrics;
}

// Returns the metrics of the daemon at `socket`; "" if its tasks are under another root. If `must`,
// fails if the daemon does not answer; otherwise returns "".
Result<std::string> metrics_of_daemon(const std::string& socket, const Paths& paths, bool must) {
  auto client = ControlClient::connect(socket);
  if (!client) return must ? Result<std::string>(client.error()) : std::string();
  const auto reply = client->ask(control::AskVersion{}, kMetricsPatience);
  if (!reply) return must ? Result<std::string>(reply.error()) : std::string();
  const auto* version = std::get_if<control::Version>(&*reply);
  if (version == nullptr || version->root != paths.root()) return std::string();
  const auto metrics = client->ask(control::AskMetrics{}, kMetricsPatience);
  if (!metrics) return must ? Result<std::string>(metrics.error()) : std::string();
  const auto* given = std::get_if<control::MetricsReply>(&*metrics);
  return given == nullptr ? std::string() : given->text;
}

// Replaces the file's contents by a rename, so that a reader sees either all of the old text or all
// of the new one.
Status replace(const std::string& file, std::string_view text) {
  const std::string aside = file + ".new";
  ::unlink(aside.c_str());  // left by a killed `thermos metrics`
  if (Status written = write_new_file("metrics", aside, text); !written) return written;
  if (std::rename(aside.c_str(), file.c_str()) == 0) return Done{};
  const int error = errno;
  ::unlink(aside.c_str());
  return system_error(file, error);
}

}  // namespace

CommandOutcome metrics_command(const Arguments& arguments, CommonOptions common) {
  bool strict = false;
  std::string file;
  std::optional<std::string> socket;
  OptionParser parser("metrics", kMetricsHelp, common);
  parser.flag("--openmetrics", strict);
  parser.text("-o", file);
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if (!(*parsed)->empty()) {
    return Error{ErrorCode::Usage, "metrics: unexpected argument '" + (*parsed)->front() + "'"};
  }
  const std::string asked = asked_socket(socket, common);
  const Result<Paths> paths = asked_paths(asked, common);
  if (!paths) return paths.error();
  const Result<TaskMetrics> tasks = metrics_of_tasks(*paths);
  if (!tasks) return tasks.error();
  const Result<std::string> daemon =
      metrics_of_daemon(asked.empty() ? default_socket() : asked, *paths, !asked.empty());
  if (!daemon) return daemon.error();
  std::string text = metrics_text(*tasks) + *daemon;
  if (strict) text = open_metrics(text);
  text += kMetricsEnd;
  if (tasks->left_out() > 0) {
    print_error("of so many names of tasks only the " + std::to_string(TaskMetrics::kMostNames) +
                " that ended last are among the metrics; " + std::to_string(tasks->left_out()) +
                " are left out");
  }
  if (!file.empty() && file != "-") {
    if (Status written = replace(file, text); !written) return written.error();
    return kExitDone;
  }
  Output out(STDOUT_FILENO);
  out.print(text);
  return finish_output(out);
}

}  // namespace thermos
