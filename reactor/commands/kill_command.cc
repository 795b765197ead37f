#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <set>

#include "core/base/text.h"
#include "core/runner/requests.h"
#include "reactor/cli/output.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/daemon_endings.h"
#include "reactor/host/kill_task.h"
#include "reactor/host/task_observer.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/lookup/several_roots.h"
#include "reactor/store/task_list.h"
#include "reactor/views/task_view.h"

namespace thermos {
namespace {

constexpr std::string_view kKillHelp = R"(Usage: thermos kill [OPTIONS] TASK_ID_REGEX...

Ends the active tasks whose id a pattern matches from its start (an exact id
means that task alone), by each task's own rules: SIGTERM, its finalizers, and
SIGKILL when its finalization_wait is over. Returns when they have ended. A
pattern without an active task is an error; the others are ended all the same.

  --wait SECONDS    instead of finalization_wait; 0: SIGKILL immediately
  --lose            the result is LOST, no finalizer runs, and SIGKILL comes
                    immediately or, with --wait, SECONDS after SIGTERM
  --socket S        ask the daemon at S and read no files (as THERMOS_SOCKET
                    does): for users who may not read the daemon's files
  --root D          may be repeated: the tasks of all of them
  --log-level L, --no-color: see `thermos --help`
)";

constexpr std::size_t kAtOnce = 64;

// A kill prints only how the task ended; the transcript is the runner's.
class Silent : public TaskObserver {
 public:
  void on_record(const Record& record, const History& history) override {
    static_cast<void>(record);
    static_cast<void>(history);
  }
  std::optional<Microseconds> on_turn(Runner& runner, Timestamp now) override {
    static_cast<void>(runner);
    static_cast<void>(now);
    return std::nullopt;
  }
};

ExitStatus kill_one(const Paths& paths, const std::string& task_id, const KillRequest& request) {
  Silent silent;
  const Result<TaskState> ended = kill_task(paths, task_id, request, silent);
  if (!ended) {
    print_error(ended.error().message);
    return exit_status_of(ended.error().code);
  }
  Output(STDOUT_FILENO).print(printable(task_id) + " " + std::string(name_of(*ended)) + "\n");
  return kExitDone;
}

// Waits for one of `running`. Sets `worst` to the first exit status that is not 0. Ignores other
// children: a program that exec'd this one may have left some.
void wait_for_one(std::set<pid_t>& running, int& worst) {
  int status = 0;
  for (pid_t ended = 0; running.erase(ended) == 0;) {
    ended = ::waitpid(-1, &status, 0);
    if (ended < 0 && errno != EINTR) {
      running.clear();
      return;
    }
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(kExitSystem);
  if (worst == kExitDone) worst = code;
}

// Each task is killed by a process of its own, so that none waits for another's finalizers.
ExitStatus kill_all(const std::vector<RootTask>& tasks, const KillRequest& request) {
  std::set<pid_t> running;
  int worst = kExitDone;
  for (const RootTask& task : tasks) {
    if (running.size() == kAtOnce) wait_for_one(running, worst);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(kill_one(task.paths, task.entry.id, request));
    if (child > 0) {
      running.insert(child);
    } else {
      print_error(task.entry.id +
                  ": cannot start a process that kills it: " + std::strerror(errno));
      worst = kExitSystem;
    }
  }
  while (!running.empty()) wait_for_one(running, worst);
  return static_cast<ExitStatus>(worst);
}

// Returns the patterns that match an active task. Prints the error that `refuse` returns for each
// of the others, or returns that error if it is the only pattern.
Result<Arguments> active_patterns(const std::vector<TaskEntry>& tasks, const Arguments& patterns,
                                  const std::function<Error(const std::string&)>& refuse) {
  Arguments good;
  for (const std::string& pattern : patterns) {
    const Result<std::vector<TaskEntry>> meant = select_tasks(tasks, {pattern});
    if (!meant) return meant.error();
    if (!active_of(*meant).empty()) {
      good.push_back(pattern);
    } else if (const Error missing = refuse(pattern); patterns.size() > 1) {
      print_error(missing.message);
    } else {
      return missing;
    }
  }
  return good;
}

ExitStatus with_missing(ExitStatus killed, bool all) {
  return killed == kExitDone && !all ? exit_status_of(ErrorCode::NotFound) : killed;
}

// Asks the daemon, which knows the tasks and checks who may end them.
CommandOutcome kill_by_daemon(const std::string& socket, const Arguments& patterns,
                              const KillRequest& request) {
  const Result<std::vector<TaskEntry>> tasks = daemon_tasks(socket, patterns);
  if (!tasks) return tasks.error();
  const Result<Arguments> good = active_patterns(*tasks, patterns, [&](const std::string& pattern) {
    return missing_of_daemon(socket, pattern, true);
  });
  if (!good) return good.error();
  const bool all = good->size() == patterns.size();
  if (good->empty()) return with_missing(kExitDone, all);
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  const CommandOutcome ended = print_ended(*client, control::AskKill{*good, request});
  if (!ended) return ended.error();
  return with_missing(*ended, all);
}

CommandOutcome kill_in_files(const std::vector<Paths>& roots, const Arguments& patterns,
                             const KillRequest& request) {
  const Result<std::vector<RootTask>> tasks = tasks_under(roots);
  if (!tasks) return tasks.error();
  const std::vector<TaskEntry> entries = entries_of(*tasks);
  const Result<Arguments> good =
      active_patterns(entries, patterns, [&](const std::string& pattern) {
        const auto ended = select_root_tasks(*tasks, {pattern});
        if (!ended || ended->size() != 1)
          return missing_active_task(pattern, entries, under(roots));
        const auto& [paths, entry] = ended->front();
        return Error{ErrorCode::NotFound,
                     entry.id + " is not active: it ended " + state_name(view_task(paths, entry))};
      });
  if (!good) return good.error();
  const bool all = good->size() == patterns.size();
  if (good->empty()) return with_missing(kExitDone, all);
  Result<std::vector<RootTask>> meant = select_root_tasks(*tasks, *good);
  if (!meant) return meant.error();
  std::erase_if(*meant,
                [](const RootTask& task) { return task.entry.directory != TaskDirectory::Active; });
  const RootTask& first = meant->front();
  return with_missing(meant->size() == 1 ? kill_one(first.paths, first.entry.id, request)
                                         : kill_all(*meant, request),
                      all);
}

}  // namespace

CommandOutcome kill_command(const Arguments& arguments, CommonOptions common) {
  std::optional<std::string> wait;
  KillRequest request;
  request.reason = "killed from the command line";
  OptionParser parser("kill", kKillHelp, common);
  parser.take_roots();
  parser.text("--wait", wait);
  parser.flag("--lose", request.lose);
  std::optional<std::string> given;
  parser.text("--socket", given);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& patterns = **parsed;
  if (patterns.empty()) return Error{ErrorCode::Usage, "kill: TASK_ID_REGEX is missing"};
  if (std::find(patterns.begin(), patterns.end(), "") != patterns.end()) {
    return Error{ErrorCode::Usage,
                 "kill: an empty pattern would mean every task; '.*' does, if that is meant"};
  }
  const auto seconds = seconds_if_given("--wait", wait);
  if (!seconds) return seconds.error();
  request.wait = *seconds;

  const std::string socket = asked_socket(given, common);
  return socket.empty() ? kill_in_files(common.all_paths(), patterns, request)
                        : kill_by_daemon(socket, patterns, request);
}

}  // namespace thermos
