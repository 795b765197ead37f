#include "reactor/commands/daemon_endings.h"

#include <unistd.h>

#include <cstdint>
#include <utility>

#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/remote_view.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/views/failures.h"

namespace thermos {
namespace {

Result<ExitStatus> status_named(const std::string& state) {
  const auto known = task_state_from(state);
  if (!known || !is_terminal(*known)) {
    return Error{ErrorCode::System, "the daemon can't say how it ended; see `thermos status`"};
  }
  return exit_status_of(*known);
}

// Prints on standard error how a task that the daemon led ended, with its failed runs and, as far
// as the caller may read them, the last lines that they printed. Prints nothing for a success
// without failed runs.
void print_end(ControlClient& client, const std::string& socket, const control::Ended& ended) {
  const Result<Json> tasks = ask_status(client, {ended.task_id}, {});
  // The daemon's answer is trusted only with the rights of the user who runs the daemon.
  const Result<std::uint32_t> daemon = daemon_uid(socket);
  LineStyle style;
  style.colour = may_colour(STDERR_FILENO, false);
  std::string failures;
  if (tasks && tasks->size() == 1 && daemon) {
    const TaskView view = view_of(tasks->front());
    if (view.history && view.history->header()) {
      failures = failures_text(failures_of(*view.history),
                               log_end_reader(*view.history->header(), *daemon), style);
    }
  }
  if (failures.empty() && ended.state == name_of(TaskState::Success)) return;
  Output(STDERR_FILENO)
      .print(printable(ended.task_id) + " " + printable(ended.state) + "\n" + failures);
}

}  // namespace

CommandOutcome print_ended(ControlClient& client, control::RequestBody request) {
  Output out(STDOUT_FILENO);
  const Status asked = client.ask_all(std::move(request), [&](const control::ReplyBody& reply) {
    const auto* ended = std::get_if<control::Ended>(&reply);
    if (ended != nullptr) out.print(printable(ended->task_id + " " + ended->state) + "\n");
  });
  if (!asked) return asked.error();
  return kExitDone;
}

CommandOutcome wait_for_end(ControlClient& client, const std::string& socket,
                            const std::string& task_id,
                            const std::optional<Microseconds>& timeout) {
  const auto reply = client.ask(control::AskWait{task_id, timeout.value_or(-1)});
  if (!reply) return reply.error();
  const auto* ended = std::get_if<control::Ended>(&*reply);
  if (ended == nullptr) return kExitTimedOut;
  print_end(client, socket, *ended);
  return status_named(ended->state);
}

}  // namespace thermos
