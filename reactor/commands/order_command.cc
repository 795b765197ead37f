// The commands start, stop and restart, for processes.
#include "reactor/commands/commands.h"
#include "reactor/host/leader_client.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/os/files.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kStartHelp = R"(Usage: thermos start [OPTIONS] TASK PROCESS...

Releases processes of an active task that were stopped, or that wait for their
min_duration or backoff: each runs as soon as what it needs has come about and
max_concurrency allows. A process that has failed for good (FATAL) runs again,
and its failures are counted anew. A process that is running is not affected.

TASK is its id, or a regular expression that matches from the start of one
active task's id alone; PROCESS is a name, or such an expression for names.

  --socket S        the daemon's socket; without it, if no daemon leads the
                    task, its `thermos run` is asked; with a --root, only that
                    root's
)";

constexpr std::string_view kStopHelp = R"(Usage: thermos stop [OPTIONS] TASK PROCESS...

Ends the runs of processes of an active task, by SIGTERM and then SIGKILL, and
does not run them again until they are started; the task stays active meanwhile.
Such a run is KILLED, whatever its exit code, which is not a failure. Returns
when they have ended (if `thermos run` leads the task: when the order is
recorded).

TASK is its id, or a regular expression that matches from the start of one
active task's id alone; PROCESS is a name, or such an expression for names.

  --wait SECONDS    until SIGKILL; default: stop_wait, else finalization_wait
  --socket S        the daemon's socket; without it, if no daemon leads the
                    task, its `thermos run` is asked; with a --root, only that
                    root's
)";

constexpr std::string_view kRestartHelp = R"(Usage: thermos restart [OPTIONS] TASK [PROCESS...]

Ends the runs of processes of an active task as `thermos stop` does, all at the
same time, and runs them again without waiting for their min_duration. Returns
when the old runs have ended. Also starts processes that were stopped or have
failed for good, as `thermos start` does.

TASK is its id, or a regular expression that matches from the start of one
active task's id alone; PROCESS is a name, or such an expression for names;
without one: all services of the task, which are its daemons, and the processes
with a `ready` that run.

  --wait SECONDS    until SIGKILL; default: stop_wait, else finalization_wait
  --socket S        the daemon's socket; without it, if no daemon leads the
                    task, its `thermos run` is asked; with a --root, only that
                    root's
)";

constexpr Microseconds kOrderPatience = 5 * kSecond;

Status ask_daemon(const std::string& socket, const control::AskOrder& order) {
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  const auto reply = client->ask(order);
  if (!reply) return reply.error();
  return Done{};
}

// Returns the one active task among `tasks` that `word` matches. The id of an ended task matches no
// other task.
Result<TaskEntry> one_active(const std::vector<TaskEntry>& tasks, const std::string& word,
                             const std::string& place) {
  const Result<std::vector<TaskEntry>> meant = select_tasks(tasks, {word});
  if (!meant) return meant.error();
  const std::vector<TaskEntry> active = active_of(*meant);
  return active.empty() ? missing_active_task(word, tasks, place) : select_one(active, word);
}

// The receiver of an order: the daemon at `socket`, if that is not empty; else, unless --socket was
// given, the leader of a task under the root.
struct Recipient {
  std::string socket;
  bool given = false;
};

// Returns the id of the one active task that `word` matches: among the daemon's tasks, else under
// the root.
Result<std::string> meant_task(const Recipient& asked, const Paths& paths,
                               const std::string& word) {
  const auto& [socket, given] = asked;
  const bool asks = given || !socket.empty();
  const Result<std::vector<TaskEntry>> led =
      asks ? daemon_tasks(socket, {word})
           : Result<std::vector<TaskEntry>>(std::vector<TaskEntry>());
  if (!led && (given || led.error().code != ErrorCode::NoDaemon)) return led.error();
  if (led && !led->empty()) {
    const Result<TaskEntry> meant = one_active(*led, word, {});
    if (meant) return meant->id;
    if (given || meant.error().code != ErrorCode::NotFound) return meant.error();
  }
  if (given) return missing_of_daemon(socket, word, true);
  const Result<std::vector<TaskEntry>> tasks = list_tasks(paths);
  if (!tasks) return word;  // the receiver refuses the order and says why
  const Result<TaskEntry> meant = one_active(
      *tasks, word, under({paths}) + (led ? "" : ", and no daemon answers on " + socket));
  if (meant) return meant->id;
  const bool unknown =
      meant.error().code == ErrorCode::NotFound && select_tasks(*tasks, {word})->empty();
  return asks && led && unknown ? missing_of_daemon(socket, word, true) : meant.error();
}

CommandOutcome order(const Recipient& whom, const Paths& paths, control::AskOrder ask) {
  const Result<std::string> meant = meant_task(whom, paths, ask.task_id);
  if (!meant) return meant.error();
  ask.task_id = *meant;
  const std::string& task_id = *meant;
  if (!may_be_task(task_id)) return check_task_id(task_id).error();
  // The daemon is asked first. The socket of the leader, which works for any task under this root,
  // cannot tell when a run has ended.
  const Status asked = whom.given || !whom.socket.empty()
                           ? ask_daemon(whom.socket, ask)
                           : missing_active_task(task_id, {}, under({paths}));
  if (asked) return kExitDone;
  const ErrorCode code = asked.error().code;
  const bool elsewhere =
      code == ErrorCode::NoDaemon || code == ErrorCode::NotFound || code == ErrorCode::Busy;
  if (whom.given || !elsewhere || !exists(paths.active_task(task_id))) return asked.error();
  ask.task_id.clear();
  if (auto taken = order_leader(paths.checkpoint_dir(task_id), ask, kOrderPatience); !taken) {
    return taken.error();
  }
  return kExitDone;
}

CommandOutcome order_command(std::string_view name, std::string_view help, Verb verb,
                             const Arguments& arguments, CommonOptions& common) {
  std::optional<std::string> socket;
  std::optional<std::string> wait;
  OptionParser parser(std::string(name), help, common);
  parser.text("--socket", socket);
  if (verb != Verb::Start) parser.text("--wait", wait);
  auto parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& words = **parsed;
  if (words.empty() || (words.size() == 1 && verb != Verb::Restart)) {
    return Error{ErrorCode::Usage,
                 std::string(name) + (verb == Verb::Restart
                                          ? ": takes one TASK, and PROCESSes if not all services"
                                          : ": takes one TASK and at least one PROCESS")};
  }
  auto seconds = seconds_if_given("--wait", wait);
  if (!seconds) return seconds.error();
  return order({socket_of_leader(socket, common), socket.has_value()}, common.paths(),
               {words[0], {{}, verb, *seconds}, {words.begin() + 1, words.end()}});
}

}  // namespace

CommandOutcome start_command(const Arguments& arguments, CommonOptions common) {
  return order_command("start", kStartHelp, Verb::Start, arguments, common);
}

CommandOutcome stop_command(const Arguments& arguments, CommonOptions common) {
  return order_command("stop", kStopHelp, Verb::Stop, arguments, common);
}

CommandOutcome restart_command(const Arguments& arguments, CommonOptions common) {
  return order_command("restart", kRestartHelp, Verb::Restart, arguments, common);
}

}  // namespace thermos
