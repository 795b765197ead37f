#include "reactor/lookup/daemon_argument.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "capnp/codec.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

// A daemon that is busy answers in milliseconds.
constexpr Microseconds kDaemonPatience = 10 * kSecond;

}  // namespace

std::string asked_socket(const std::optional<std::string>& given, const CommonOptions& common) {
  if (given) return *given;
  const char* named = common.root.empty() ? std::getenv("THERMOS_SOCKET") : nullptr;
  return named != nullptr ? named : "";
}

Result<Paths> asked_paths(const std::string& socket, const CommonOptions& common) {
  if (socket.empty()) return common.paths();
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  const auto reply = client->ask(control::AskVersion{});
  if (!reply) return reply.error();
  const auto* version = std::get_if<control::Version>(&*reply);
  if (version == nullptr || version->root.empty()) {
    return Error{ErrorCode::NotFound,
                 "the daemon at " + socket +
                     " is of an earlier version and does not tell its root; give --root"};
  }
  return Paths(version->root);
}

std::string socket_of_leader(const std::optional<std::string>& given, const CommonOptions& common) {
  std::string socket = given.value_or(default_socket());
  if (given || common.root.empty()) return socket;
  auto client = ControlClient::connect(socket);
  const auto reply = client ? client->ask(control::AskVersion{}, kDaemonPatience)
                            : Result<control::ReplyBody>(client.error());
  const auto* version = reply ? std::get_if<control::Version>(&*reply) : nullptr;
  if (version == nullptr || version->root != common.paths().root()) socket.clear();
  return socket;
}

bool may_read_tasks(const Paths& paths) {
  return ::access(paths.active_dir().c_str(), R_OK) == 0 &&
         ::access(paths.checkpoints_dir().c_str(), R_OK) == 0;
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

Result<std::vector<TaskEntry>> daemon_tasks(const std::string& socket, const Arguments& patterns) {
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  control::AskList ask;
  ask.patterns = patterns;
  std::vector<TaskEntry> tasks;
  const Status asked = client->ask_all(std::move(ask), [&](const control::ReplyBody& reply) {
    const auto* entry = std::get_if<control::TaskEntry>(&reply);
    if (entry == nullptr) return;
    const auto state = task_state_from(entry->state);
    const bool ended = state && is_terminal(*state);
    tasks.push_back({entry->task_id, ended ? TaskDirectory::Finished : TaskDirectory::Active});
  });
  if (!asked) return asked.error();
  std::stable_partition(tasks.begin(), tasks.end(), [](const TaskEntry& task) {
    return task.directory == TaskDirectory::Active;
  });
  return tasks;
}

Error missing_of_daemon(const std::string& socket, const std::string& word, bool active) {
  const Result<std::vector<TaskEntry>> all = daemon_tasks(socket, {});
  if (!all) return all.error();
  return active ? missing_active_task(word, *all, kAmongYours)
                : missing_task(word, *all, kAmongYours);
}

Result<TaskEntry> one_daemon_task(const std::string& socket, const std::string& word) {
  const Result<std::vector<TaskEntry>> tasks = daemon_tasks(socket, {word});
  if (!tasks) return tasks.error();
  Result<TaskEntry> one = select_one(*tasks, word);
  if (one || one.error().code != ErrorCode::NotFound) return one;
  return missing_of_daemon(socket, word, false);
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
  Json tasks = Json::array();
  const Status asked = client.ask_all(std::move(ask), [&](const control::ReplyBody& reply) {
    const auto* status = std::get_if<control::StatusText>(&reply);
    if (status != nullptr) tasks.push_back(Json::parse(status->json));
  });
  if (!asked) return asked.error();
  return tasks;
}

}  // namespace thermos
