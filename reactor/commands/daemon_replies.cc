#include "reactor/commands/daemon_replies.h"

#include <unistd.h>

#include <cstdlib>

#include "reactor/commands/output.h"
#include "reactor/commands/text.h"
#include "reactor/store/history_json.h"

namespace thermos {
namespace {

// A task in one line, and its processes below it.
std::string task_lines(const Json& task) {
  std::string text = printable(task.value("task_id", "?")) + "  " + task.value("state", "?") + "\n";
  if (task.contains("error")) text += "  " + printable(task["error"].get<std::string>()) + "\n";
  if (!task.contains("processes")) return text;
  for (const auto& [name, runs] : task["processes"].items()) {
    if (runs.empty()) continue;
    const Json& last = runs.back();
    text += "  " + printable(name) + "  " + last.value("state", "?") + "  run " +
            std::to_string(last.value("run", 0)) + "\n";
  }
  for (const Json& name : task.value("stopped", Json::array())) {
    text += "  " + printable(name.get<std::string>()) + "  stopped by order\n";
  }
  const Json backoff = task.value("backoff", Json::object());
  for (const auto& [name, until] : backoff.items()) {
    text += "  " + printable(name) + "  BACKOFF until " +
            timestamp_text(static_cast<Microseconds>(until.get<double>() * kSecond)) + "\n";
  }
  for (const Json& name : task.value("fatal", Json::array())) {
    text += "  " + printable(name.get<std::string>()) + "  FATAL\n";
  }
  return text;
}

}  // namespace

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

CommandOutcome daemon_status(const std::string& socket, const Arguments& patterns,
                             const std::string& only, bool json) {
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  control::AskStatus ask;
  ask.patterns = patterns;
  ask.active = only != "finished";
  ask.finished = only != "active";
  if (auto sent = client->send(std::move(ask)); !sent) return sent.error();
  Json tasks = Json::array();
  for (;;) {
    auto reply = client->receive();
    if (!reply) return reply.error();
    const control::ReplyBody& body = (*reply)->body;
    if (const auto* failure = std::get_if<Error>(&body)) return *failure;
    if (std::holds_alternative<control::Finished>(body)) break;
    const auto* status = std::get_if<control::StatusText>(&body);
    if (status != nullptr) tasks.push_back(Json::parse(status->json));
  }
  if (tasks.empty() && !patterns.empty()) {
    return Error{ErrorCode::NotFound, "no task of yours matches '" + patterns.front() + "'"};
  }
  Output out(STDOUT_FILENO);
  if (json) {
    Json all = Json::object();
    all["tasks"] = std::move(tasks);
    out.print(json_text(all));
    return finish_output(out);
  }
  for (const Json& task : tasks) out.print(task_lines(task));
  if (tasks.empty()) out.print("no tasks of yours\n");
  return finish_output(out);
}

}  // namespace thermos
