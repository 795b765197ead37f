#include "reactor/commands/daemon_replies.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "reactor/commands/failures.h"
#include "reactor/commands/output.h"
#include "reactor/commands/remote_view.h"
#include "reactor/commands/text.h"

namespace thermos {
std::string asked_socket() {
  const char* given = std::getenv("THERMOS_SOCKET");
  return given != nullptr ? given : "";
}

CommandOutcome print_ended(ControlClient& client) {
  for (;;) {
    auto reply = client.receive();
    if (!reply) return reply.error();
    const control::ReplyBody& body = (*reply)->body;
    if (const auto* failure = std::get_if<Error>(&body)) return *failure;
    if (std::holds_alternative<control::Finished>(body)) return kExitDone;
    const auto* ended = std::get_if<control::Ended>(&body);
    if (ended != nullptr)
      Output(STDOUT_FILENO).print(printable(ended->task_id + " " + ended->state) + "\n");
  }
}

Result<Json> daemon_status(const std::string& socket, const Arguments& patterns,
                           const std::string& only) {
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  return ask_status(*client, patterns, only);
}

Result<Json> ask_status(ControlClient& client, const Arguments& patterns, const std::string& only) {
  control::AskStatus ask;
  ask.patterns = patterns;
  ask.active = only != "finished" && only != "failed";
  ask.finished = only != "active";
  if (auto sent = client.send(std::move(ask)); !sent) return sent.error();
  Json tasks = Json::array();
  for (;;) {
    auto reply = client.receive();
    if (!reply) return reply.error();
    const control::ReplyBody& body = (*reply)->body;
    if (const auto* failure = std::get_if<Error>(&body)) return *failure;
    if (std::holds_alternative<control::Finished>(body)) return tasks;
    const auto* status = std::get_if<control::StatusText>(&body);
    if (status != nullptr) tasks.push_back(Json::parse(status->json));
  }
}

void print_failures(ControlClient& client, const std::string& socket, const std::string& task_id) {
  const Result<Json> tasks = ask_status(client, {task_id}, {});
  if (!tasks || tasks->size() != 1) return;
  const TaskView view = view_of(tasks->front());
  if (!view.history || !view.history->header()) return;
  // What the daemon says counts with the rights of who runs it.
  struct stat daemon {};
  if (::stat(socket.c_str(), &daemon) != 0) return;
  LineStyle style;
  style.colour = may_colour(STDERR_FILENO, false);
  Output(STDERR_FILENO)
      .print(failures_text(failures_of(*view.history),
                           log_end_reader(*view.history->header(), daemon.st_uid), style));
}

}  // namespace thermos
