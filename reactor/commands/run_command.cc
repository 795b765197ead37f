#include <algorithm>
#include <limits>
#include <utility>

#include "core/task/check_task.h"
#include "reactor/commands/ancestor_options.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/daemon_run.h"
#include "reactor/commands/ended_task.h"
#include "reactor/commands/run_options.h"
#include "reactor/configuration/odd_references.h"
#include "reactor/configuration/shell_syntax.h"
#include "reactor/configuration/unused_bindings.h"
#include "reactor/os/account.h"
#include "reactor/os/clocks.h"
#include "reactor/os/files.h"
#include "reactor/store/directories_in_use.h"

namespace thermos {
namespace {

constexpr std::string_view kRunHelp = R"(Usage: thermos run [OPTIONS] CONFIG

Runs the task in CONFIG ("-": standard input) in the foreground, to its end.
With the id of a task whose runner died, resumes that task. Ctrl-C kills the
task by its own rules; a second one kills it immediately. python3 executes a
.thermos or .aurora file, with your rights and before --user, to evaluate it.
On a terminal, shows what runs, and what failed or is tried again; into a file
or a pipe, every transition.

  --sandbox D       run in D, made if missing, with logs in D/.logs; else in the
                    current directory, with logs in <root>/logs/<task id>
  --task-id ID      the task's id; else NAME-YYYYmmdd-HHMMSS.uuuuuu
  --once            with --task-id: of a task that has ended, tell how, and exit
                    as that says, as `thermos resume` does
  --task NAME       which task, where CONFIG holds several
  --user U          run as U (root only)
  --chroot          make the sandbox the processes' root (root only)
  -P NAME:PORT      binds {{thermos.ports[NAME]}}; may be repeated
  -P NAME           binds it to a free port, which the task keeps
  -E NAME=VALUE     binds {{NAME}}; may be repeated
  --eval-timeout S  a CONFIG in Python may take S seconds (60); 0: no limit
  --sync power      an end is on the disk before its dependents start (default)
  --sync crash      leave flushing to the kernel
  --keep-logs N     keep the output of each process's last N runs (100), and of
                    its first failed run; 0 keeps all
  --log-rotate SIZE[:BACKUPS]
                    rotate logs before they exceed SIZE (as in 100M), and keep
                    BACKUPS (5) full ones: stdout, stdout.1, ...; give it again
                    when you resume the task
  --json            CONFIG is JSON or YAML, whatever its name
  --hostname NAME   the name of the machine that is recorded
  --preserve-env    processes get your environment, too; give it again when you
                    resume the task
  --nodes slurm|ssh:A,B|'A,B=COMMAND {node}'
                    run the processes on these machines; thermos and the
                    directories are on all of them: see REACH.md
  --process-logger-destination file|console|both|none,
  --process-logger-mode standard|rotate
                    for processes without a logger of their own
  --daemon          give the task to the daemon and show it: Ctrl-C ends what is
                    shown, not the task (exit status 130). It runs in a
                    directory of its own unless --sandbox names one
  --socket S        with --daemon: the daemon's socket
  --on-term kill|yield
                    what SIGTERM does: it kills the task, or gives the machine
                    back (default in a job of Slurm or Grid Engine; SIGUSR1
                    always does): what runs is ended, the task is not over, and
                    `thermos resume` goes on with it
  --grace S         SIGKILL for what still runs then, S seconds after (25)
  --yield-status N  its exit status then (75; 99 in Grid Engine)
  --until TIME      the allocation ends then: +SECONDS, or local time as
                    2026-12-31T23:59:00. A process whose `time` is more than is
                    left does not start. Default in a job of Slurm: from squeue
  --take-over       resume a task that another machine led and no longer leads
  --output          show what processes print, each line with the name in front
  -v, --verbose     every transition on a terminal, too
  -q, --quiet       print only errors, and the outcome where something failed
  --root D, --log-level L, --no-color: see `thermos --help`

Exit status: 0 SUCCESS, 1 FAILED, 2 KILLED, 3 LOST, 64 usage, 65 bad CONFIG,
66 no such file, 75 someone else runs this task or it yielded, 77 not permitted.
)";

constexpr std::string_view kSimplerunHelp = R"(Usage: thermos simplerun [OPTIONS] [--] COMMAND...

Runs one command as a task of one process and shows what it prints. Joins its
words with spaces and passes them to bash: quote once for your shell and once
more for bash. Replaces {{thermos.task_id}}, {{thermos.user}}, and what -P and
-E bind; every other "{{" stays as it is.

  --name N          the name of the task and its process (simple)
  --env NAME=VALUE  a variable of its environment; may be repeated
  --cwd D           where it starts, relative to the sandbox
  --timeout S       ends a run that takes longer, which has then failed
  --max-failures N  runs it until it succeeds, at most N times (1); 0: no limit
  --sandbox D, --task-id ID, --user U, --chroot, -P NAME[:PORT], -E NAME=VALUE,
  --sync MODE, --keep-logs N, --log-rotate SIZE[:BACKUPS], --hostname NAME,
  --preserve-env, --process-logger-destination D, --process-logger-mode M,
  --nodes WHICH, --on-term W, --grace S, --yield-status N, --until TIME,
  --take-over, -v, -q, --root D, --log-level L, --no-color: see `thermos run
  --help`
)";

// Returns the header of an existing task that has not ended; else nothing.
std::optional<RunnerHeader> recorded_header(const Paths& paths, const std::string& task_id) {
  if (task_id.empty() || !may_be_task(task_id)) return {};
  // The leader reads the rest and reports what can't be read.
  return exists(paths.active_task(task_id)) ? read_header(paths, task_id) : std::nullopt;
}

std::string joined(const Arguments& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

// The resources that Apache Thermos recorded for a task of simplerun.
constexpr Resources kSimpleResources = {1, std::int64_t{256} << 20, 0};

// The options that say how the one process runs.
struct SimpleProcess {
  std::vector<std::string> env;
  std::string cwd;
  std::optional<std::string> timeout;
  std::optional<std::string> max_failures;

  void add_to(OptionParser& parser) {
    parser.texts("--env", env);
    parser.text("--cwd", cwd);
    parser.text("--timeout", timeout);
    parser.text("--max-failures", max_failures);
  }
  // Fails with Usage.
  Status apply(ProcessConfig& process) const {
    for (const std::string& word : env) {
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos) {
        return Error{ErrorCode::Usage, "--env " + word + ": a variable is given as NAME=VALUE"};
      }
      process.env.entries.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    process.cwd = cwd;
    const auto limit = seconds_if_given("--timeout", timeout);
    if (!limit) return limit.error();
    process.timeout = *limit;
    if (!max_failures) return Done{};
    const auto count = parse_count("--max-failures", *max_failures);
    if (!count) return count.error();
    if (*count > std::numeric_limits<std::uint32_t>::max()) {
      return Error{ErrorCode::Usage,
                   "--max-failures " + *max_failures + ": the number is too large; 0 is no limit"};
    }
    process.max_failures = static_cast<std::uint32_t>(*count);
    return Done{};
  }
};

}  // namespace

CommandOutcome run_command(const Arguments& arguments, CommonOptions common) {
  RunOptions options;
  OptionParser parser("run", kRunHelp, common);
  options.add_to(parser);
  options.add_screen_to(parser);
  AncestorOptions old;
  old.add_to(parser);
  parser.text("--hostname", options.hostname);
  parser.flag("--json", options.json);
  bool once = false;
  parser.flag("--once", once);
  parser.text("--task", options.task_name);
  parser.text("--eval-timeout", options.eval_timeout);
  std::optional<std::string> socket;
  parser.flag("--daemon", options.daemon);
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& files = **parsed;
  if (files.empty())
    return Error{ErrorCode::Usage, "run: CONFIG is missing (\"-\" is standard input)"};
  if (files.size() > 1) {
    return Error{ErrorCode::Usage, "run: takes one CONFIG; unexpected argument '" + files[1] + "'"};
  }
  if (socket && !options.daemon) {
    return Error{ErrorCode::Usage, "run: --socket is for --daemon"};
  }
  if (options.daemon && (options.output || !common.root.empty())) {
    return Error{ErrorCode::Usage, options.output
                                       ? "run: --daemon has no --output: the daemon runs the task; "
                                         "`thermos tail -f` shows what it prints"
                                       : "run: --daemon has no --root: the daemon has its own"};
  }
  if (options.daemon && !options.hostname.empty()) {
    return Error{ErrorCode::Usage, "run: --daemon has no --hostname: the daemon records its own"};
  }
  if (options.daemon && options.sync) {
    return Error{ErrorCode::Usage,
                 "run: --daemon has no --sync: the daemon syncs as its own --sync says"};
  }
  if (options.daemon && options.yield.any()) {
    return Error{ErrorCode::Usage,
                 "run: --daemon has none of --on-term, --grace, --yield-status, --until and "
                 "--take-over: the daemon keeps its machine"};
  }
  if (once && (options.daemon || options.task_id.empty())) {
    return Error{ErrorCode::Usage,
                 options.daemon ? "run: --once is not for --daemon"
                                : "run: --once is of a task that has a name: give --task-id"};
  }
  if (options.daemon) {
    return run_by_daemon(files.front(), options, old, common, socket.value_or(default_socket()));
  }
  if (once) {
    if (const auto ended = tell_end_of(options.task_id, common)) return *ended;
  }
  const std::optional<RunnerHeader> recorded = recorded_header(common.paths(), options.task_id);
  const Result<ConfigurationWords> words =
      check_run_options(options, recorded ? recorded->ports : Ports());
  if (!words) return words.error();
  const Result<ConfigurationText> text = read_configuration(files.front(), *words);
  if (!text) return text.error();
  Result<BoundTask> bound = bind_configuration(*text, *words, read_clocks().wall);
  if (!bound) return bound.error();
  if (!recorded && !options.chroot) {
    if (Status good = check_shell_syntax(*bound, *text, *words); !good) return good.error();
  }
  warn_of_odd_references(*text);
  warn_of_unused_bindings(*text, *words);
  if (Status applied = apply_options(options, old, bound->task); !applied) return applied.error();
  return run_bound_task(std::move(*bound), *words, options, common, recorded);
}

CommandOutcome simplerun_command(const Arguments& arguments, CommonOptions common) {
  RunOptions options;
  std::string name = "simple";
  OptionParser parser("simplerun", kSimplerunHelp, common, true);
  options.add_to(parser);
  options.add_screen_to(parser);
  options.output = true;
  AncestorOptions old;
  old.add_to(parser);
  parser.text("--hostname", options.hostname);
  parser.text("--name", name);
  SimpleProcess simple;
  simple.add_to(parser);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if ((*parsed)->empty()) return Error{ErrorCode::Usage, "simplerun: COMMAND is missing"};
  const Result<ConfigurationWords> words = check_run_options(options);
  if (!words) return words.error();

  BoundTask bound;
  bound.task.name = name;
  bound.task.processes.emplace_back();
  bound.task.processes.front().name = name;
  bound.task.resources = kSimpleResources;
  bound.task_id =
      options.task_id.empty() ? make_task_id(name, read_clocks().wall) : options.task_id;
  bound.user = options.user.empty() ? caller_account().name : options.user;
  bound.task.processes.front().cmdline =
      bind_command(joined(**parsed), words->ports, words->environment, bound.task_id, bound.user);
  if (Status applied = simple.apply(bound.task.processes.front()); !applied) return applied.error();
  if (Status applied = apply_options(options, old, bound.task); !applied) return applied.error();
  if (const Result<Graph> checked = check_task(bound.task); !checked) {
    return Error{ErrorCode::Usage, "simplerun: " + checked.error().message};
  }
  const std::optional<RunnerHeader> recorded = recorded_header(common.paths(), options.task_id);
  if (!recorded && !options.chroot) {
    for (const SyntaxFault& fault : find_syntax_faults(bound.task, 1)) {
      return Error{ErrorCode::BadConfig, "simplerun: the command: " + fault.what};
    }
  }
  return run_bound_task(std::move(bound), *words, options, common, recorded);
}

}  // namespace thermos
