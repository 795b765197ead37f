#include "reactor/control_server.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/commands/history_json.h"
#include "reactor/control_client.h"
#include "reactor/task_store.h"

namespace thermos {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
constexpr int kAcceptAtOnce = 64;

Error system_error(const std::string& what) {
  return {ErrorCode::System, what + ": " + std::strerror(errno)};
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::listen(Reactor& reactor, Daemon& daemon,
                                                             const std::string& socket_path,
                                                             Limits limits, Descriptor kept) {
  if (kept) {
    return std::unique_ptr<ControlServer>(
        new ControlServer(reactor, daemon, std::move(kept), socket_path, limits));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::Usage, socket_path + ": too long for a socket's path"};
  }
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  if (ControlClient::connect(socket_path)) {
    return Error{ErrorCode::Busy, socket_path + ": another daemon listens there"};
  }
  const std::string directory = socket_path.substr(0, socket_path.rfind('/'));
  if (auto made = make_directories(directory.empty() ? "/" : directory, 0755); !made) {
    return made.error();
  }
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("no socket");
  unlink(socket_path.c_str());
  // Nobody may connect before the group is right.
  const mode_t mask = umask(0177);
  const bool bound =
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  umask(mask);
  if (!bound) return system_error("cannot listen at " + socket_path);
  if (geteuid() == 0) {
    if (const group* thermos = getgrnam("thermos"); thermos != nullptr) {
      if (chown(socket_path.c_str(), 0, thermos->gr_gid) != 0) {
        return system_error("cannot give " + socket_path + " to group thermos");
      }
    }
  }
  if (chmod(socket_path.c_str(), 0660) != 0 || ::listen(socket.get(), 256) != 0) {
    return system_error("cannot listen at " + socket_path);
  }
  return std::unique_ptr<ControlServer>(
      new ControlServer(reactor, daemon, std::move(socket), socket_path, limits));
}

ControlServer::ControlServer(Reactor& reactor, Daemon& daemon, Descriptor socket, std::string path,
                             Limits limits)
    : reactor_(reactor),
      daemon_(daemon),
      socket_(std::move(socket)),
      path_(std::move(path)),
      limits_(limits),
      poll_(std::make_unique<Poll>(reactor.loop(), socket_.get(), [this](int) { accept_some(); })) {
  daemon_.on_event = [this](const control::Event& event) { publish(event); };
}

ControlServer::~ControlServer() {
  daemon_.on_event = nullptr;
  if (!path_.empty()) unlink(path_.c_str());
}

// ---- clients -----------------------------------------------------------------------------------

void ControlServer::accept_some() {
  for (int i = 0; i < kAcceptAtOnce; ++i) {
    Descriptor socket(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) return;
    if (clients_.size() >= limits_.connections) {
      spdlog::warn("a client was turned away: {} are connected", clients_.size());
      continue;
    }
    ucred peer{};
    socklen_t length = sizeof peer;
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) continue;
    auto client = std::make_shared<Client>();
    client->socket = std::move(socket);
    client->caller = {peer.uid, peer.pid};
    clients_.push_back(client);
    client->poll = std::make_unique<Poll>(reactor_.loop(), client->socket.get(),
                                          [this, handle = Handle(client)](int events) {
                                            if (const auto alive = handle.lock())
                                              on_ready(alive, events);
                                          });
  }
}

void ControlServer::on_ready(const std::shared_ptr<Client>& client, int events) {
  if ((events & UV_WRITABLE) != 0) flush(*client);
  if ((events & UV_READABLE) != 0 && !client->closing) read_requests(client);
  if (client->closing && client->out.size() == 0) drop(client);
}

void ControlServer::read_requests(const std::shared_ptr<Client>& client) {
  const auto room = client->in.space(kReadBytes);
  const ssize_t got = recv(client->socket.get(), room.data(), room.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    drop(client);
    return;
  }
  client->in.filled(static_cast<std::size_t>(got));
  while (!client->closing) {
    auto payload = client->in.next();
    if (!payload) {
      reply(*client, 0, payload.error());
      client->closing = true;
      break;
    }
    if (!*payload) break;
    auto request = control::decode_request(**payload);
    if (!request) {
      reply(*client, 0, request.error());
      client->closing = true;
      break;
    }
    answer(client, *request);
  }
}

void ControlServer::drop(const std::shared_ptr<Client>& client) {
  client->poll.reset();
  clients_.remove(client);
}

void ControlServer::reply(Client& client, std::uint64_t id, control::ReplyBody body) {
  if (client.closing && client.out.size() == 0) return;
  auto payload = control::encode(control::Reply{id, std::move(body)});
  if (!payload) payload = control::encode(control::Reply{id, payload.error()});
  client.out.put(*payload);
  flush(client);
  if (client.out.size() <= limits_.queued_bytes || client.closing) return;
  spdlog::warn("the client of pid {} (uid {}) does not read: dropped with {} bytes unread",
               client.caller.pid, client.caller.uid, client.out.size());
  client.closing = true;
  client.subscribed = false;
  shutdown(client.socket.get(), SHUT_RDWR);  // its poll finds it closed, and drops it
  client.out = {};
}

void ControlServer::flush(Client& client) {
  while (client.out.size() > 0) {
    const Bytes bytes = client.out.bytes();
    const ssize_t sent = send(client.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) break;
    client.out.consume(static_cast<std::size_t>(sent));
  }
  const bool writing = client.out.size() > 0;
  if (writing == client.writing || !client.poll) return;
  client.writing = writing;
  client.poll->watch(writing ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

// ---- requests ----------------------------------------------------------------------------------

void ControlServer::answer(const std::shared_ptr<Client>& client, const control::Request& request) {
  std::visit([&](const auto& ask) { on(client, request.id, ask); }, request.body);
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::AskVersion& /*ask*/) {
  control::Version version;
  version.program = THERMOS_VERSION;
  version.pid = getpid();
  version.tasks = static_cast<std::uint32_t>(daemon_.active());
  reply(*client, id, version);
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::Submit& ask) {
  auto submitted = daemon_.submit(ask, client->caller,
                                  [this, id, handle = Handle(client), task_id = ask.task_id] {
                                    if (const auto alive = handle.lock())
                                      reply(*alive, id, control::Submitted{task_id});
                                  });
  if (!submitted) reply(*client, id, submitted.error());
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::AskKill& ask) {
  auto asked = daemon_.kill(ask, client->caller);
  if (!asked) {
    reply(*client, id, asked.error());
    return;
  }
  auto left = std::make_shared<std::size_t>(asked->size());
  for (const std::string& task_id : *asked) {
    const auto waited = daemon_.when_ended(
        task_id, client->caller,
        [this, id, left, task_id, handle = Handle(client)](const std::string& state) {
          const auto alive = handle.lock();
          if (!alive) return;
          reply(*alive, id, control::Ended{task_id, state});
          if (--*left == 0) reply(*alive, id, control::Finished{});
        });
    if (!waited) reply(*client, id, waited.error());
  }
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::AskList& ask) {
  auto entries = daemon_.list(ask, client->caller);
  if (!entries) {
    reply(*client, id, entries.error());
    return;
  }
  for (control::TaskEntry& entry : *entries) reply(*client, id, std::move(entry));
  reply(*client, id, control::Finished{});
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::AskStatus& ask) {
  auto entries = daemon_.list(ask, client->caller);
  if (!entries) {
    reply(*client, id, entries.error());
    return;
  }
  for (const control::TaskEntry& entry : *entries) {
    reply(*client, id, control::StatusText{daemon_.status_json(entry.task_id)});
  }
  reply(*client, id, control::Finished{});
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::AskWait& ask) {
  auto timer = std::make_shared<std::optional<Deadlines::Key>>();
  auto answered = std::make_shared<bool>(false);
  auto waited = daemon_.when_ended(ask.task_id, client->caller,
                                   [this, id, timer, answered, task_id = ask.task_id,
                                    handle = Handle(client)](const std::string& state) {
                                     if (std::exchange(*answered, true)) return;
                                     if (*timer) reactor_.deadlines().cancel(**timer);
                                     if (const auto alive = handle.lock())
                                       reply(*alive, id, control::Ended{task_id, state});
                                   });
  if (!waited) {
    reply(*client, id, waited.error());
    return;
  }
  if (*answered || ask.timeout < 0) return;
  *timer = reactor_.deadlines().add(reactor_.loop().now().boot + ask.timeout,
                                    [this, id, answered, handle = Handle(client)] {
                                      if (std::exchange(*answered, true)) return;
                                      if (const auto alive = handle.lock())
                                        reply(*alive, id, control::Finished{});
                                    });
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::Subscribe& ask) {
  if (const auto valid = matches(ask.patterns, "x"); !valid) {
    reply(*client, id, valid.error());
    return;
  }
  if (ask.since == 0) {
    control::TaskQuery query;
    query.patterns = ask.patterns;
    query.finished = false;
    auto entries = daemon_.list(query, client->caller);
    if (entries) {
      for (control::TaskEntry& entry : *entries) reply(*client, id, std::move(entry));
    }
    reply(*client, id, control::Snapshot{daemon_.last_position()});
    client->position = daemon_.last_position();
  } else {
    client->position = ask.since;
    for (control::Event& event : daemon_.events_after(ask.since, client->caller)) {
      client->position = event.position;
      const auto meant = matches(ask.patterns, event.task_id);
      if (meant && *meant) reply(*client, id, std::move(event));
    }
  }
  if (!ask.follow) {
    reply(*client, id, control::Finished{});
    return;
  }
  client->subscribed = true;
  client->request = id;
  client->patterns = ask.patterns;
}

void ControlServer::publish(const control::Event& event) {
  for (const auto& client : std::list<std::shared_ptr<Client>>(clients_)) {
    if (!client->subscribed || event.position <= client->position) continue;
    if (!daemon_.may_see(event.task_id, client->caller)) continue;
    const auto meant = matches(client->patterns, event.task_id);
    if (!meant || !*meant) continue;
    reply(*client, client->request, event);
  }
}

}  // namespace thermos
