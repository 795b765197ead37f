#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/text.h"
#include "core/runner/requests.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/daemon_replies.h"
#include "reactor/commands/output.h"
#include "reactor/commands/task_view.h"
#include "reactor/host/kill_task.h"
#include "reactor/host/task_observer.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kHelp = R"(Usage: thermos kill [OPTIONS] TASK_ID_REGEX...

Ends the active tasks whose id a pattern matches from its start (an exact id
means that task alone), by each task's own rules: SIGTERM, its finalizers, and
SIGKILL when its finalization_wait is over. Returns when they have ended.

  --wait SECONDS    instead of finalization_wait; 0: SIGKILL immediately
  --lose            the result is LOST, no finalizer runs, and SIGKILL comes
                    immediately or, with --wait, SECONDS after SIGTERM
  --socket S        ask the daemon at S and read no files (as THERMOS_SOCKET
                    does): for users who may not read the daemon's files
  --root D, --log-level L, --no-color: see `thermos --help`
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

// Waits for one of the children. `worst` gets the first exit status that is not 0.
void wait_for_one(std::size_t& running, int& worst) {
  int status = 0;
  while (::waitpid(-1, &status, 0) < 0) {
    if (errno != EINTR) {
      running = 0;
      return;
    }
  }
  --running;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(kExitSystem);
  if (worst == kExitDone) worst = code;
}

// Each task is killed by a process of its own, so that none waits for another's finalizers.
CommandOutcome kill_all(const Paths& paths, const std::vector<TaskEntry>& tasks,
                        const KillRequest& request) {
  std::size_t running = 0;
  int worst = kExitDone;
  for (const TaskEntry& task : tasks) {
    if (running == kAtOnce) wait_for_one(running, worst);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(kill_one(paths, task.id, request));
    if (child > 0) {
      ++running;
    } else {
      print_error(task.id + ": cannot start a process that kills it: " + std::strerror(errno));
      worst = kExitSystem;
    }
  }
  while (running > 0) wait_for_one(running, worst);
  return static_cast<ExitStatus>(worst);
}

// The error when no active task matches; it tells if a matching task has ended already.
Error nothing_to_kill(const Paths& paths, const std::vector<TaskEntry>& all,
                      const std::vector<std::string>& patterns) {
  const Result<std::vector<TaskEntry>> meant = select_tasks(all, patterns);
  if (meant && meant->size() == 1) {
    return Error{ErrorCode::NotFound, meant->front().id + " is not active: it ended " +
                                          state_name(view_task(paths, meant->front()))};
  }
  return Error{ErrorCode::NotFound, "no active task matches '" + patterns.front() + "'" +
                                        (patterns.size() > 1 ? " or the others" : "") + " under " +
                                        paths.root()};
}

// Asks the daemon, which knows the tasks and checks who may end them.
CommandOutcome kill_by_daemon(const std::string& socket, const Arguments& patterns,
                              const KillRequest& request) {
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  if (auto sent = client->send(control::AskKill{patterns, request}); !sent) return sent.error();
  return print_ended(*client);
}

}  // namespace

CommandOutcome kill_command(const Arguments& arguments, CommonOptions common) {
  std::optional<std::string> wait;
  KillRequest request;
  request.reason = "killed from the command line";
  OptionParser parser("kill", kHelp, common);
  parser.text("--wait", wait);
  parser.flag("--lose", request.lose);
  std::optional<std::string> given;
  parser.text("--socket", given);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& patterns = **parsed;
  if (patterns.empty()) return Error{ErrorCode::Usage, "kill: TASK_ID_REGEX is missing"};
  const auto seconds = seconds_if_given("--wait", wait);
  if (!seconds) return seconds.error();
  request.wait = *seconds;

  const std::string socket = asked_socket(given, common);
  if (!socket.empty()) return kill_by_daemon(socket, patterns, request);
  const Paths paths = common.paths();
  const Result<std::vector<TaskEntry>> all = list_tasks(paths);
  if (!all) return all.error();
  std::vector<TaskEntry> active;
  std::copy_if(all->begin(), all->end(), std::back_inserter(active),
               [](const TaskEntry& task) { return task.directory == TaskDirectory::Active; });
  const Result<std::vector<TaskEntry>> meant = select_tasks(active, patterns);
  if (!meant) return meant.error();
  if (meant->empty()) return nothing_to_kill(paths, *all, patterns);
  if (meant->size() == 1) return kill_one(paths, meant->front().id, request);
  return kill_all(paths, *meant, request);
}

}  // namespace thermos
