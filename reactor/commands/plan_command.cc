#include <unistd.h>

#include <limits>
#include <optional>
#include <set>

#include "core/config/load.h"
#include "core/explain/plan.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/configuration/configuration.h"
#include "reactor/os/clocks.h"
#include "reactor/show/plan_text.h"
#include "reactor/store/task_list.h"
#include "reactor/views/past_runs.h"

namespace thermos {
namespace {

constexpr std::string_view kPlanHelp = R"(Usage: thermos plan [OPTIONS] CONFIG

Says how long the task in CONFIG ("-": standard input) will take, how it ends,
and which processes decide that: runs its state machine on a virtual clock, by
its order, max_concurrency, pools, min_duration and limits. Runs none of its
processes. How long each takes is drawn from the runs that succeeded in earlier
tasks: p50 is what half of the plans took, p90 what nine of ten did. What nobody
knows is said. A CONFIG in Python is executed, as by `thermos inspect`.

  --history PATTERN  by the tasks whose id matches, instead of those of the same
                    name (the latest 50); may be repeated
  --duration P=S    a process takes S seconds (or 20m); P is a name, or a
                    pattern that matches from the start of names; may be
                    repeated
  --fail P          all runs of a process fail; may be repeated
  -j N              with max_concurrency N; 0: no limit
  -a, --all         all processes in the chart, and not only the first 30
  --json            as one JSON object
  --task NAME       which task, where CONFIG holds several
  -P NAME[:PORT]    binds {{thermos.ports[NAME]}}; may be repeated
  -E NAME=VALUE     binds {{NAME}}; may be repeated
  --eval-timeout S  a CONFIG in Python may take S seconds (60); 0: no limit
  --root D          where the earlier tasks are
  --log-level L, --no-color: see `thermos --help`
)";

constexpr std::size_t kRows = 30;

struct Assumptions {
  std::vector<std::string> durations;
  std::vector<std::string> fails;
};

// Returns the processes that `word`, a name or a pattern, matches.
Result<std::vector<ProcessIndex>> meant(const TaskConfig& task, std::string_view option,
                                        const std::string& word) {
  std::set<std::string_view> names;
  for (const ProcessConfig& process : task.processes) names.insert(process.name);
  const Result<TaskPatterns> patterns = TaskPatterns::compile(
      {word}, [&](const std::string& text) { return names.contains(text); }, "process");
  if (!patterns) {
    return Error{ErrorCode::Usage, std::string(option) + " " + patterns.error().message};
  }
  std::vector<ProcessIndex> found;
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    if (patterns->match(task.processes[p].name)) found.push_back(p);
  }
  if (!found.empty()) return found;
  NearestWord nearest(word);
  for (const ProcessConfig& process : task.processes) nearest.offer(process.name);
  return Error{ErrorCode::Usage, std::string(option) + ": the task has no process " +
                                     thermos::quoted(word) + nearest.hint()};
}

Status apply(const Assumptions& given, const TaskConfig& task, PlanQuestion& question) {
  if (!given.durations.empty()) question.given.resize(task.processes.size());
  for (const std::string& word : given.durations) {
    const std::size_t equals = word.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::Usage,
                   "--duration " + word + ": a duration is given as PROCESS=SECONDS"};
    }
    const auto time =
        parse_seconds("--duration " + word.substr(0, equals + 1), word.substr(equals + 1));
    if (!time) return time.error();
    const auto those = meant(task, "--duration", word.substr(0, equals));
    if (!those) return those.error();
    for (const ProcessIndex p : *those) question.given[p] = *time;
  }
  if (!given.fails.empty()) question.fails.resize(task.processes.size());
  for (const std::string& word : given.fails) {
    const auto those = meant(task, "--fail", word);
    if (!those) return those.error();
    for (const ProcessIndex p : *those) question.fails[p] = true;
  }
  return Done{};
}

}  // namespace

CommandOutcome plan_command(const Arguments& arguments, CommonOptions common) {
  Assumptions given;
  std::vector<std::string> history;
  std::optional<std::string> concurrency;
  std::vector<std::string> ports;
  std::vector<std::string> environment;
  std::optional<std::string> eval_timeout;
  ConfigurationWords words;
  bool all = false;
  bool json = false;
  OptionParser parser("plan", kPlanHelp, common);
  parser.texts("--history", history);
  parser.texts("--duration", given.durations);
  parser.texts("--fail", given.fails);
  parser.text("-j", concurrency);
  parser.flag("-a,--all", all);
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
                 files.empty() ? "plan: CONFIG is missing (\"-\" is standard input)"
                               : "plan: takes one CONFIG; unexpected argument '" + files[1] + "'"};
  }
  Result<Ports> bound_ports = parse_ports(ports);
  if (!bound_ports) return bound_ports.error();
  words.ports = std::move(*bound_ports);
  Result<std::map<std::string, std::string>> bound_names = parse_environment(environment);
  if (!bound_names) return bound_names.error();
  words.environment = std::move(*bound_names);
  const Result<Microseconds> limit = parse_eval_timeout(eval_timeout);
  if (!limit) return limit.error();
  words.eval_timeout = *limit;
  words.pools = PoolsOf::Daemon;
  std::optional<std::uint32_t> most;
  if (concurrency) {
    const Result<std::uint64_t> count = parse_count("-j", *concurrency);
    if (!count) return count.error();
    if (*count > std::numeric_limits<std::uint32_t>::max()) {
      return Error{ErrorCode::Usage, "-j " + *concurrency + ": that is too large"};
    }
    most = static_cast<std::uint32_t>(*count);
  }

  const Result<ConfigurationText> text = read_configuration(files.front(), words);
  if (!text) return text.error();
  Result<BoundTask> bound = bind_configuration(*text, words, read_clocks().wall);
  if (!bound) return bound.error();
  TaskConfig& task = bound->task;
  if (most) task.max_concurrency = *most;
  const Result<PastRuns> past = read_past_runs(common.paths(), history, task.name);
  if (!past) return past.error();
  PlanQuestion question;
  question.task = &task;
  question.past = &past->times;
  if (Status applied = apply(given, task, question); !applied) return applied.error();
  const Result<Plan> made = plan(question);
  if (!made) return made.error();

  Output out(STDOUT_FILENO);
  if (json) {
    out.print(json_text(plan_json(task, *made)));
    return finish_output(out);
  }
  PlanStyle style;
  style.line.colour = may_colour(STDOUT_FILENO, common.no_color);
  style.columns = out.columns();
  style.most = all ? 0 : kRows;
  style.past_tasks = past->tasks;
  out.print(plan_text(task, *made, style));
  return finish_output(out);
}

}  // namespace thermos
