#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/task_change.h"
#include "core/record/taken_successes.h"
#include "core/runner/rerun.h"
#include "core/task/check_task.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/run_options.h"
#include "reactor/configuration/odd_references.h"
#include "reactor/configuration/unused_bindings.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/task_argument.h"
#include "reactor/os/clocks.h"
#include "reactor/store/ancestor_stream.h"
#include "reactor/store/file_owner_check.h"

namespace thermos {
namespace {

constexpr std::string_view kRerunHelp =
    R"(Usage: thermos rerun [OPTIONS] TASK [--failed | --from PROCESS... | --all]

Goes on from a task that has ended: a new task in the same sandbox, as the same
user, which takes over what succeeded and runs the rest, in the foreground as
`thermos run` would. The ended task stays as it is. Daemons and finalizers
always run. TASK is an id, or a pattern that matches one task.

  --failed          run what did not succeed, and what is behind it (default)
  --from PROCESS... these processes, too, and what is behind them
  --all             run everything
  --config FILE     read the task from FILE: a process that is new or changed
                    runs, too, and what is behind it. Nodes and loggers that
                    FILE does not give are those of the ended task. Without
                    FILE, the recorded configuration is used, in which
                    references to the task's id keep the old id
  --preserve-env    with --config: so are variables of its environment that FILE
                    does not give (of a task that was run with --preserve-env)
  --task-id ID      the new task's id; else NAME-YYYYmmdd-HHMMSS.uuuuuu
  --task NAME, -P NAME:PORT, -E NAME=VALUE, --eval-timeout S, --json
                    how FILE is read: see `thermos run --help`. Ports that the
                    ended task had are kept
  --keep-logs N     as for `thermos run`; else as the ended task did
  --socket S        a task of the daemon at S (as THERMOS_SOCKET does), in whose
                    root the new one is led from here, by your rights
  --output          show what processes print, each line with the name in front
  --on-term kill|yield, --grace S, --yield-status N, --until TIME, --sync MODE,
  -v, -q, --root D, --log-level L, --no-color: see `thermos run --help`

Exit status: that of the new task, 0 SUCCESS, 1 FAILED, 2 KILLED, 3 LOST; 64
usage, also where nothing is left to run, 65 bad FILE, 66 no such task or
process, 75 TASK has not ended, or the new one yielded.
)";

struct RerunWords {
  bool preserve_env = false;
  bool failed = false;
  bool all = false;
  std::vector<std::string> from;
  std::string config;
};

// The ended task that is rerun.
struct Before {
  TaskEntry entry;
  std::shared_ptr<const History> history;  // with a header
  TaskConfig config;

  const RunnerHeader& header() const { return *history->header(); }
};

// Returns the ended task that `word` matches. Fails with Busy if it has not ended.
Result<Before> find_ended(const Paths& paths, const std::string& word) {
  const Result<TaskEntry> entry = asked_task(paths, word);
  if (!entry) return entry.error();
  Result<History> history = read_recorded_task(paths, entry->id);
  if (!history) return history.error();
  if (!is_terminal(history->state())) {
    return Error{ErrorCode::Busy, "task " + entry->id +
                                      " has not ended, so it can't be rerun: `thermos resume` goes "
                                      "on with it, `thermos kill` ends it"};
  }
  if (!history->header()) {
    return Error{ErrorCode::Corrupt, "task " + entry->id + ": nothing tells where it ran"};
  }
  Result<TaskConfig> config = asked_config(paths, *entry);
  if (!config) return config.error();
  return Before{*entry, std::make_shared<const History>(std::move(*history)), std::move(*config)};
}

// Returns whether --log-rotate on the ended task's command line has set the mode of its logger
// `before` (rotate_logs()).
bool is_rotated(const Logger& logger, const Logger& before) {
  return logger.destination == LogDestination::Both && logger.mode == LogMode::Standard &&
         before.destination == LogDestination::Both && before.mode == LogMode::Rotate;
}

// Completes the task of FILE by what the ended task's command line may have given: nodes, loggers
// and, with --preserve-env, variables. Only the ended task's recorded configuration still has
// these.
Status complete_by(const TaskConfig& before, bool preserve_env, TaskConfig& task) {
  if (!task.nodes) task.nodes = before.nodes;
  // Spreads the processes over the nodes like those of the ended task, so that they have the same
  // names.
  if (Status applied = apply_options({}, {}, task); !applied) return applied;
  std::map<std::string_view, const ProcessConfig*> known;
  for (const ProcessConfig& process : before.processes) known.emplace(process.name, &process);
  for (ProcessConfig& process : task.processes) {
    const auto was = known.find(process.name);
    if (was == known.end() || !was->second->logger) continue;
    const Logger& logger = *was->second->logger;
    if (!process.logger || is_rotated(*process.logger, logger)) process.logger = logger;
  }
  if (!preserve_env) return Done{};
  // Keeps the order that AncestorOptions::apply() makes, because the order matters.
  auto own = std::move(task.env.entries);
  task.env.entries.clear();
  for (const auto& variable : before.env.entries) {
    const bool given = std::any_of(
        own.begin(), own.end(), [&](const auto& other) { return other.first == variable.first; });
    if (!given) task.env.entries.push_back(variable);
  }
  std::move(own.begin(), own.end(), std::back_inserter(task.env.entries));
  return Done{};
}

// The task in FILE, bound with the ended task's id, to find what changed, and with the new task's
// id.
struct Given {
  TaskConfig as_before;
  BoundTask bound;
};

Result<Given> read_given(const RerunWords& asked, ConfigurationWords words, const Before& before) {
  const Result<ConfigurationText> text = read_configuration(asked.config, words);
  if (!text) return text.error();
  std::string task_id = std::exchange(words.task_id, before.entry.id);
  Result<BoundTask> as_before = bind_configuration(*text, words, read_clocks().wall);
  if (!as_before) return as_before.error();
  words.task_id =
      task_id.empty() ? make_task_id(as_before->task.name, read_clocks().wall) : std::move(task_id);
  Result<BoundTask> bound = bind_configuration(*text, words, read_clocks().wall);
  if (!bound) return bound.error();
  if (!before.header().chroot) {
    if (Status good = check_shell_syntax(*bound, *text, words); !good) return good.error();
  }
  warn_of_odd_references(*text);
  warn_of_unused_bindings(*text, words);
  for (TaskConfig* task : {&as_before->task, &bound->task}) {
    if (Status done = complete_by(before.config, asked.preserve_env, *task); !done) {
      return done.error();
    }
  }
  return Given{std::move(as_before->task), std::move(*bound)};
}

// Returns, for each process of `task`, whether `names` has it. Fails with NotFound for a name that
// `task` does not have.
Result<std::vector<bool>> numbers_of(const TaskConfig& task, const std::string& task_id,
                                     const std::vector<std::string>& names) {
  std::vector<bool> found(task.processes.size());
  for (const std::string& name : names) {
    const auto is_it = [&](const ProcessConfig& process) { return process.name == name; };
    const auto it = std::find_if(task.processes.begin(), task.processes.end(), is_it);
    if (it == task.processes.end()) {
      std::vector<std::string> all;
      for (const ProcessConfig& process : task.processes) all.push_back(process.name);
      return Error{ErrorCode::NotFound,
                   task_id + " has no process '" + name + "'" + did_you_mean(name, all)};
    }
    if (it->final) {
      return Error{ErrorCode::Usage, "--from " + name + ": a finalizer, which runs in any case"};
    }
    found[static_cast<std::size_t>(it - task.processes.begin())] = true;
  }
  return found;
}

std::vector<bool> changed_in(const TaskConfig& before, const TaskConfig& after) {
  const config::TaskChange change = config::change_of(before, after);
  std::set<std::string_view> names(change.changed.begin(), change.changed.end());
  names.insert(change.added.begin(), change.added.end());
  std::vector<bool> changed;
  changed.reserve(after.processes.size());
  for (const ProcessConfig& process : after.processes) {
    changed.push_back(names.contains(process.name));
  }
  return changed;
}

// Fails with Usage if a task that succeeded has nothing to run.
Status check_any(const Before& before, const std::vector<Again>& plan) {
  const bool any = std::any_of(plan.begin(), plan.end(), [](Again again) {
    return again != Again::No && again != Again::Service && again != Again::Finalizer;
  });
  if (any || before.history->state() != TaskState::Success) return Done{};
  return Error{ErrorCode::Usage, "task " + before.entry.id +
                                     " succeeded, so nothing of it is left to run: give --from "
                                     "PROCESS, or --all"};
}

// Fails with NotFound if the sandbox is gone, because the processes that succeeded left their files
// there.
Status check_sandbox(const Before& before) {
  struct stat info {};
  const std::string& sandbox = before.header().sandbox;
  if (::stat(sandbox.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return Done{};
  return Error{ErrorCode::NotFound,
               "the sandbox of task " + before.entry.id +
                   " is gone, and with it what its processes made: " + sandbox};
}

Status check_words(const RerunWords& asked, const RunOptions& options, const Arguments& words) {
  if (words.empty()) return Error{ErrorCode::Usage, "rerun: TASK is missing"};
  if (words.size() > 1 && asked.from.empty()) {
    return Error{ErrorCode::Usage, "rerun: takes one TASK; unexpected argument '" + words[1] +
                                       "' (--from PROCESS... names processes)"};
  }
  const int ways = (asked.failed ? 1 : 0) + (asked.all ? 1 : 0) + (asked.from.empty() ? 0 : 1);
  if (ways > 1) {
    return Error{ErrorCode::Usage, "rerun: give one of --failed, --from and --all"};
  }
  const bool binds = !options.ports.empty() || !options.environment.empty() ||
                     !options.task_name.empty() || options.eval_timeout || options.json ||
                     asked.preserve_env;
  if (binds && asked.config.empty()) {
    return Error{ErrorCode::Usage,
                 "rerun: -P, -E, --task, --eval-timeout, --json and --preserve-env say how "
                 "--config is read; without it, all is as on record"};
  }
  return Done{};
}

}  // namespace

CommandOutcome rerun_command(const Arguments& arguments, CommonOptions common) {
  RunOptions options;
  RerunWords asked;
  OptionParser parser("rerun", kRerunHelp, common);
  parser.flag("--failed", asked.failed);
  parser.flag("--all", asked.all);
  parser.texts("--from", asked.from);
  parser.text("--config", asked.config);
  parser.flag("--preserve-env,--preserve_env", asked.preserve_env);
  parser.text("--task-id,--task_id", options.task_id);
  parser.text("--task", options.task_name);
  parser.texts("-P,--port", options.ports);
  parser.texts("-E,--environment", options.environment);
  parser.text("--eval-timeout", options.eval_timeout);
  parser.flag("--json", options.json);
  parser.text("--keep-logs", options.keep_logs);
  options.add_screen_to(parser);
  std::optional<std::string> socket;
  parser.text("--socket", socket);
  const Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& given_words = **parsed;
  if (Status good = check_words(asked, options, given_words); !good) return good.error();
  asked.from.insert(asked.from.end(), given_words.begin() + 1, given_words.end());

  const Result<Paths> asked_root = asked_paths(asked_socket(socket, common), common);
  if (!asked_root) return asked_root.error();
  const Paths& paths = *asked_root;
  common.root = paths.root();
  const Result<Before> before = find_ended(paths, given_words.front());
  if (!before) return before.error();
  const RunnerHeader& header = before->header();
  if (Status own = check_own_files(paths, before->entry, header.user); !own) return own.error();
  if (options.task_id == before->entry.id) {
    return Error{ErrorCode::Usage,
                 "--task-id " + options.task_id + ": that is the ended task, which stays as it is"};
  }
  if (!options.keep_logs) options.keep_logs = std::to_string(header.keep_logs);
  Result<ConfigurationWords> words = check_run_options(options, header.ports);
  if (!words) return words.error();
  words->ports.insert(header.ports.begin(), header.ports.end());
  words->user = header.user;
  if (header.chroot && ::geteuid() != 0) {
    return Error{ErrorCode::NotPermitted,
                 "task " + before->entry.id + " ran with --chroot, which only root may"};
  }

  RerunWish wish;
  wish.all = asked.all;
  BoundTask bound{before->config, options.task_id, header.user};
  if (asked.config.empty()) {
    if (bound.task_id.empty()) bound.task_id = make_task_id(bound.task.name, read_clocks().wall);
  } else {
    Result<Given> given = read_given(asked, *words, *before);
    if (!given) return given.error();
    wish.changed = changed_in(before->config, given->as_before);
    bound = std::move(given->bound);
  }
  Result<std::vector<bool>> named = numbers_of(bound.task, before->entry.id, asked.from);
  if (!named) return named.error();
  wish.named = std::move(*named);
  const Result<Graph> graph = check_task(bound.task, PoolsOf::Daemon);
  if (!graph) return graph.error();
  const std::vector<Again> plan = plan_rerun(bound.task, *graph, *before->history, wish);
  if (Status any = check_any(*before, plan); !any) return any.error();
  if (Status there = check_sandbox(*before); !there) return there.error();

  Predecessor predecessor{before->history, {}};
  for (std::size_t p = 0; p < plan.size(); ++p) {
    if (plan[p] == Again::No) predecessor.taken_over.push_back(bound.task.processes[p].name);
  }
  return run_bound_task(std::move(bound), *words, options, common, std::nullopt, predecessor);
}

}  // namespace thermos
