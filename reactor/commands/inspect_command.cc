#include <unistd.h>

#include <algorithm>

#include "core/config/load.h"
#include "core/config/to_json.h"
#include "reactor/cli/moment.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/run_options.h"
#include "reactor/commands/task_inspection.h"
#include "reactor/configuration/configuration.h"
#include "reactor/configuration/odd_references.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/lookup/task_argument.h"
#include "reactor/os/clocks.h"
#include "reactor/os/files.h"
#include "reactor/show/task_text.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kInspectHelp = R"(Usage: thermos inspect [OPTIONS] CONFIG
       thermos inspect [OPTIONS] [--task-id] TASK [PROCESS...]

Shows the task in CONFIG ("-": standard input) as it would run: checked, with
every reference bound. Runs none of its processes. But a .thermos or .aurora
file is a program: python3 executes it with your rights to evaluate it. Do not
inspect a file that you would not run.

Of a TASK that runs or ran, shows everything recorded about it: every runner
that led it, every state, each process with its command and every recorded run,
and who holds its locks; or that of each PROCESS named. What is no file is taken
for a TASK: an id, or a pattern that matches one task.

  --task NAME       which task, where CONFIG holds several
  -P NAME[:PORT]    binds {{thermos.ports[NAME]}}; may be repeated
  -E NAME=VALUE     binds {{NAME}}; may be repeated
  --eval-timeout S  a CONFIG in Python may take S seconds (60); 0: no limit
  --task-id TASK    a TASK, also where there is a file of that name
  --run N           of a TASK: that run of each process; the first is 0
  --since TIME      of a TASK: what happened at or after TIME: 10:00 (today),
                    2026-11-27T10:00:05, -5m (ago), or seconds since the epoch
  --socket S        a TASK of the daemon at S (as THERMOS_SOCKET does), whose
                    root only its owner can read
  --json            as one JSON object: the task with every default filled in,
                    or everything recorded
  --check           print every error for which `thermos run` would refuse it,
                    one a line, and exit with 65; or "ok" and the number of
                    processes
  --root D          may be repeated: the task is searched for in all of them
  --log-level L, --no-color: see `thermos --help`
)";

// Fails with NotFound if there is no such process, or none of them has that run.
Status check_part(const TaskInspection& task, const InspectedPart& part) {
  if (!part.processes.empty()) {
    std::vector<std::string> names;
    for (const ProcessHistory& process : task.history.processes()) names.push_back(process.name);
    if (task.config) {
      for (const ProcessConfig& process : task.config->processes) names.push_back(process.name);
    }
    for (const std::string& name : part.processes) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      return Error{ErrorCode::NotFound,
                   task.entry.id + " has no process '" + name + "'" + did_you_mean(name, names)};
    }
  }
  if (!part.run) return Done{};
  for (const ProcessHistory& process : task.history.processes()) {
    if (part.has(process.name) && process.run(*part.run) != nullptr) return Done{};
  }
  return Error{ErrorCode::NotFound, "no process of " + task.entry.id + " has run " +
                                        std::to_string(*part.run) + " on record"};
}

Result<InspectedPart> part_of(const std::optional<std::string>& run,
                              const std::optional<std::string>& since) {
  InspectedPart part;
  if (run) {
    const Result<std::uint32_t> number = parse_run("--run", *run);
    if (!number) return number.error();
    part.run = *number;
  }
  if (since) {
    const Result<Microseconds> moment = parse_moment("--since", *since);
    if (!moment) return moment.error();
    part.since = *moment;
  }
  return part;
}

CommandOutcome inspect_recorded(const Paths& paths, const std::string& pattern,
                                const InspectedPart& part, bool json) {
  Result<TaskInspection> task = inspect_task(paths, pattern);
  if (!task &&
      (task.error().code == ErrorCode::NotFound || task.error().code == ErrorCode::Usage)) {
    const Result<std::vector<TaskEntry>> all = list_tasks(paths);
    if (!all) return all.error();
    const Result<TaskEntry> meant = one_task(*all, pattern, under({paths}));
    if (!meant) return meant.error();
    task = inspect_task(paths, meant->id);
  }
  if (!task) return task.error();
  if (Status there = check_part(*task, part); !there) return there.error();
  Output out(STDOUT_FILENO);
  out.print(json ? json_text(inspection_json(*task, part)) : inspection_text(*task, part));
  return finish_output(out);
}

// Returns whether there is no file of this name, so that the word may be a task's id.
bool is_no_file(const std::string& word) {
  return word != "-" && !exists(word);
}

// Prints all errors of the configuration, or "ok".
CommandOutcome check_configuration(const ConfigurationText& text, const ConfigurationWords& words) {
  const std::vector<Error> faults = find_faults(text, words, read_clocks().wall);
  for (const Error& fault : faults) {
    if (fault.code != ErrorCode::BadConfig)
      return fault;  // not an error in CONFIG; it is then the only one
  }
  if (!faults.empty()) {
    for (const Error& fault : faults) print_error(fault.message);
    if (faults.size() >= config::kMaxFaults)
      print_error("there may be more errors; only these are shown");
    return kExitBadData;
  }
  const Result<BoundTask> bound = bind_configuration(text, words, read_clocks().wall);
  if (!bound) return bound.error();
  const std::vector<Error> unparsed = find_shell_faults(*bound, text, words, config::kMaxFaults);
  for (const Error& fault : unparsed) print_error(fault.message);
  if (!unparsed.empty()) return kExitBadData;
  if (Status user = check_user(bound->user); !user) return user.error();
  const std::size_t count = bound->task.processes.size();
  Output out(STDOUT_FILENO);
  out.print("ok: " + std::to_string(count) + (count == 1 ? " process\n" : " processes\n"));
  return finish_output(out);
}

}  // namespace

CommandOutcome inspect_command(const Arguments& arguments, CommonOptions common) {
  std::string task_name;
  std::vector<std::string> ports;
  std::vector<std::string> environment;
  std::optional<std::string> eval_timeout;
  std::optional<std::string> task_id;
  bool json = false;
  bool check = false;
  OptionParser parser("inspect", kInspectHelp, common);
  parser.take_roots();
  parser.text("--task", task_name);
  parser.texts("-P", ports);
  parser.texts("-E", environment);
  parser.text("--eval-timeout", eval_timeout);
  parser.text("--task-id,--task_id", task_id);
  std::optional<std::string> socket;
  parser.text("--socket", socket);
  std::optional<std::string> run;
  parser.text("--run", run);
  std::optional<std::string> since;
  parser.text("--since", since);
  parser.flag("--json", json);
  parser.flag("--check", check);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  Arguments& files = **parsed;
  const bool binds = !task_name.empty() || !ports.empty() || !environment.empty() ||
                     eval_timeout.has_value() || check;
  const bool is_task = !task_id && !binds && !files.empty() && is_no_file(files.front());
  if (is_task) {
    task_id = files.front();
    files.erase(files.begin());
  }
  if (task_id) {
    if (binds) {
      return Error{ErrorCode::Usage,
                   "inspect: --task-id cannot be combined with the options that bind a CONFIG"};
    }
    const Result<Paths> paths = paths_of_task(common, socket, *task_id);
    if (!paths) return paths.error();
    Result<InspectedPart> part = part_of(run, since);
    if (!part) return part.error();
    part->processes = std::move(files);
    if (is_task) {
      const Result<TaskEntry> meant = asked_task(*paths, *task_id);
      if (!meant && meant.error().code == ErrorCode::NotFound) {
        return Error{ErrorCode::NotFound, "no such file, and " + meant.error().message};
      }
    }
    return inspect_recorded(*paths, *task_id, *part, json);
  }
  if (run || since || socket) {
    return Error{ErrorCode::Usage, "inspect: --run, --since and --socket are for a TASK"};
  }
  if (files.size() != 1) {
    return Error{ErrorCode::Usage,
                 files.empty()
                     ? "inspect: CONFIG is missing (\"-\" is standard input)"
                     : "inspect: takes one CONFIG; unexpected argument '" + files[1] + "'"};
  }
  ConfigurationWords words;
  words.task_name = task_name;
  Result<Ports> bound_ports = parse_ports(ports);
  if (!bound_ports) return bound_ports.error();
  words.ports = std::move(*bound_ports);
  Result<std::map<std::string, std::string>> bound_names = parse_environment(environment);
  if (!bound_names) return bound_names.error();
  words.environment = std::move(*bound_names);
  const Result<Microseconds> limit = parse_eval_timeout(eval_timeout);
  if (!limit) return limit.error();
  words.eval_timeout = *limit;

  const Result<ConfigurationText> text = read_configuration(files.front(), words);
  if (!text) return text.error();
  warn_of_odd_references(*text);
  if (check) {
    if (json) return Error{ErrorCode::Usage, "inspect: --check and --json cannot be combined"};
    return check_configuration(*text, words);
  }
  words.pools = PoolsOf::Daemon;
  const Result<BoundTask> bound = bind_configuration(*text, words, read_clocks().wall);
  if (!bound) return bound.error();
  Output out(STDOUT_FILENO);
  out.print(json ? config::to_json(bound->task, 2) + "\n" : task_text(bound->task));
  return finish_output(out);
}

}  // namespace thermos
