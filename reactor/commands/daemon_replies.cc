#include "reactor/commands/daemon_replies.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "capnp/codec.h"
#include "reactor/commands/failures.h"
#include "reactor/commands/output.h"
#include "reactor/commands/remote_view.h"
#include "reactor/commands/text.h"
#include "reactor/os/errors.h"

namespace thermos {

std::string asked_socket(const std::optional<std::string>& given, const CommonOptions& common) {
  if (given) return *given;
  const char* named = common.root.empty() ? std::getenv("THERMOS_SOCKET") : nullptr;
  return named != nullptr ? named : "";
}

Result<Paths> asked_paths(const std::string& socket, const CommonOptions& common) {
  if (socket.empty()) return common.paths();
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  if (auto sent = client->send(control::AskVersion{}); !sent) return sent.error();
  const auto reply = client->receive();
  if (!reply) return reply.error();
  if (const auto* failure = std::get_if<Error>(&(*reply)->body)) return *failure;
  const auto* version = std::get_if<control::Version>(&(*reply)->body);
  if (version == nullptr || version->root.empty()) {
    return Error{ErrorCode::NotFound,
                 "the daemon at " + socket +
                     " is of an earlier version and does not tell its root; give --root"};
  }
  return Paths(version->root);
}

Result<std::uint32_t> daemon_uid(const std::string& socket) {
  struct stat daemon {};
  if (::stat(socket.c_str(), &daemon) != 0) return system_error(socket, errno);
  return daemon.st_uid;
}

Status decode_event(const control::Event& event, const std::function<void(const Record&)>& take) {
  // The bytes in a reply have any alignment; decode() requires 8-byte alignment.
  std::vector<std::uint64_t> words((event.record.size() + 7) / 8);
  std::memcpy(words.data(), event.record.data(), event.record.size());
  const auto record = decode(std::as_bytes(std::span(words)).first(event.record.size()));
  if (!record) return record.error();
  take(*record);
  return Done{};
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

Result<std::vector<TaskEntry>> daemon_tasks(const std::string& socket, const Arguments& patterns) {
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  control::AskList ask;
  ask.patterns = patterns;
  if (auto sent = client->send(std::move(ask)); !sent) return sent.error();
  std::vector<TaskEntry> tasks;
  for (;;) {
    auto reply = client->receive();
    if (!reply) return reply.error();
    const control::ReplyBody& body = (*reply)->body;
    if (const auto* failure = std::get_if<Error>(&body)) return *failure;
    if (std::holds_alternative<control::Finished>(body)) break;
    const auto* entry = std::get_if<control::TaskEntry>(&body);
    if (entry == nullptr) continue;
    const auto state = task_state_from(entry->state);
    const bool ended = state && is_terminal(*state);
    tasks.push_back({entry->task_id, ended ? TaskDirectory::Finished : TaskDirectory::Active});
  }
  std::stable_partition(tasks.begin(), tasks.end(), [](const TaskEntry& task) {
    return task.directory == TaskDirectory::Active;
  });
  return tasks;
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
  const Result<std::uint32_t> daemon = daemon_uid(socket);
  if (!daemon) return;
  LineStyle style;
  style.colour = may_colour(STDERR_FILENO, false);
  Output(STDERR_FILENO)
      .print(failures_text(failures_of(*view.history),
                           log_end_reader(*view.history->header(), *daemon), style));
}

}  // namespace thermos
