#include "reactor/commands/daemon_endings.h"

#include <unistd.h>

#include <cstdint>
#include <utility>

#include "reactor/program/output.h"
#include "reactor/program/text.h"
#include "reactor/views/daemon_replies.h"
#include "reactor/views/failures.h"
#include "reactor/views/remote_view.h"

namespace thermos {

CommandOutcome print_ended(ControlClient& client, control::RequestBody request) {
  Output out(STDOUT_FILENO);
  const Status asked = client.ask_all(std::move(request), [&](const control::ReplyBody& reply) {
    const auto* ended = std::get_if<control::Ended>(&reply);
    if (ended != nullptr) out.print(printable(ended->task_id + " " + ended->state) + "\n");
  });
  if (!asked) return asked.error();
  return kExitDone;
}

void print_end(ControlClient& client, const std::string& socket, const control::Ended& ended) {
  const Result<Json> tasks = ask_status(client, {ended.task_id}, {});
  // What the daemon says counts with the rights of who runs it.
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

}  // namespace thermos
