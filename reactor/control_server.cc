#include "reactor/control_server.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/control_client.h"
#include "reactor/task_store.h"

namespace thermos {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

Error system_error(const std::string& what) {
  return {ErrorCode::System, what + ": " + std::strerror(errno)};
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::listen(Reactor& reactor, Daemon& daemon,
                                                             const std::string& socket_path,
                                                             Descriptor kept) {
  if (kept) {
    return std::unique_ptr<ControlServer>(
        new ControlServer(reactor, daemon, std::move(kept), socket_path));
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
  if (const std::size_t slash = socket_path.rfind('/'); slash != std::string::npos && slash > 0) {
    if (auto made = make_directories(socket_path.substr(0, slash), 0755); !made) {
      return made.error();
    }
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
      new ControlServer(reactor, daemon, std::move(socket), socket_path));
}

ControlServer::ControlServer(Reactor& reactor, Daemon& daemon, Descriptor socket, std::string path)
    : reactor_(reactor),
      daemon_(daemon),
      path_(std::move(path)),
      listener_(reactor.loop(), reactor.deadlines(), std::move(socket), "the control socket",
                [this](Descriptor client) { accept(std::move(client)); }) {
  daemon_.on_event = [this](const control::Event& event, std::uint32_t owner) {
    publish(event, owner);
  };
}

ControlServer::~ControlServer() {
  daemon_.on_event = nullptr;
  if (!path_.empty()) unlink(path_.c_str());
}

// ---- clients -----------------------------------------------------------------------------------

void ControlServer::accept(Descriptor socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return;
  auto client = std::make_shared<Client>();
  client->socket = std::move(socket);
  client->caller = {peer.uid, peer.pid};
  if (!has_room_for(client->caller)) {
    spdlog::warn("a client of uid {} was turned away: {} are connected, {} of them theirs",
                 peer.uid, clients_.size(), connected_[peer.uid]);
    reply(*client, 0, Error{ErrorCode::Busy, "too many connections to the daemon; try again"});
    return;
  }
  clients_.push_back(client);
  ++connected_[peer.uid];
  client->poll = std::make_unique<Poll>(reactor_.loop(), client->socket.get(),
                                        [this, handle = Handle(client)](int events) {
                                          if (const auto alive = handle.lock())
                                            on_ready(alive, events);
                                        });
}

bool ControlServer::has_room_for(const Caller& caller) const {
  if (clients_.size() >= daemon_.settings().connections) return false;
  const auto theirs = connected_.find(caller.uid);
  return caller.is_root() || theirs == connected_.end() ||
         theirs->second < daemon_.settings().connections_per_user;
}

void ControlServer::on_ready(const std::shared_ptr<Client>& client, int events) {
  if ((events & UV_WRITABLE) != 0 || client->closing) flush(*client);
  if (client->out.size() == 0 && std::exchange(client->reading_past, false)) {
    daemon_.at_turn_end([this, handle = Handle(client)] {
      if (const auto alive = handle.lock()) send_past(alive);
    });
  }
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
    std::optional<Error> wrong;
    if (!payload) {
      wrong = payload.error();
    } else if (!*payload) {
      break;
    } else if (auto request = control::decode_request(**payload); !request) {
      wrong = request.error();
    } else {
      answer(client, *request);
    }
    if (!wrong) continue;
    reply(*client, 0, *wrong);
    client->closing = true;
    watch(*client);
  }
}

void ControlServer::drop(const std::shared_ptr<Client>& client) {
  if (!client->poll) return;
  client->poll.reset();
  client->closing = true;
  client->subscribed = false;
  client->out = {};
  for (const auto& [number, wait] : client->waits) {
    daemon_.wait_no_more(wait.task_id, wait.key);
    if (wait.timer) reactor_.deadlines().cancel(*wait.timer);
  }
  client->waits.clear();
  if (--connected_[client->caller.uid] == 0) connected_.erase(client->caller.uid);
  clients_.remove(client);
  listener_.client_left();
}

void ControlServer::reply(Client& client, std::uint64_t id, control::ReplyBody body) {
  if (client.closing) return;
  auto payload = control::encode(control::Reply{id, std::move(body)});
  if (!payload) payload = control::encode(control::Reply{id, payload.error()});
  client.out.put(*payload);
  flush(client);
  if (client.out.size() <= daemon_.settings().queue_bytes || client.closing) return;
  spdlog::warn("the client of pid {} (uid {}) does not read: dropped with {} bytes unread",
               client.caller.pid, client.caller.uid, client.out.size());
  client.closing = true;
  client.subscribed = false;
  client.out = {};
  shutdown(client.socket.get(), SHUT_RDWR);  // its poll finds it closed, and drops it
}

void ControlServer::flush(Client& client) {
  while (client.out.size() > 0) {
    const Bytes bytes = client.out.bytes();
    const ssize_t sent = send(client.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) {
      // It is gone, and will say so for as long as anyone looks.
      client.closing = true;
      client.out = {};
      break;
    }
    client.out.consume(static_cast<std::size_t>(sent));
  }
  watch(client);
}

// Who is on the way out is not read any more: what still comes from there would wake us for
// nothing.
void ControlServer::watch(Client& client) const {
  const int wanted = (client.closing ? 0 : UV_READABLE) |
                     (client.closing || client.out.size() > 0 ? UV_WRITABLE : 0);
  if (wanted == client.watched || !client.poll) return;
  client.watched = wanted;
  client.poll->watch(wanted);
}

// ---- requests ----------------------------------------------------------------------------------

void ControlServer::answer(const std::shared_ptr<Client>& client, const control::Request& request) {
  if (client->open + client->waits.size() >= kMostOpen) {
    reply(*client, request.id, Error{ErrorCode::Busy, "too many requests without an answer yet"});
    return;
  }
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
                                    const auto alive = handle.lock();
                                    if (!alive) return;
                                    --alive->open;
                                    reply(*alive, id, control::Submitted{task_id});
                                  });
  if (!submitted) {
    reply(*client, id, submitted.error());
  } else {
    ++client->open;
  }
}

// Answers "ended" for a task, and "done" behind the last of several. False: it can't be waited for,
// and that was the answer. `wait`: its number among the client's, 0 if it had ended.
bool ControlServer::wait_for_end(const std::shared_ptr<Client>& client, std::uint64_t id,
                                 const std::string& task_id,
                                 const std::shared_ptr<std::size_t>& left, std::uint64_t& wait) {
  const std::uint64_t number = client->next_wait++;
  client->waits[number].task_id = task_id;
  auto waited = daemon_.when_ended(
      task_id, client->caller,
      [this, id, number, left, task_id, handle = Handle(client)](const std::string& state) {
        const auto alive = handle.lock();
        if (!alive) return;
        const auto it = alive->waits.find(number);
        if (it == alive->waits.end()) return;
        if (it->second.timer) reactor_.deadlines().cancel(*it->second.timer);
        alive->waits.erase(it);
        reply(*alive, id, control::Ended{task_id, state});
        if (left && --*left == 0) reply(*alive, id, control::Finished{});
      });
  wait = 0;
  const auto it = client->waits.find(number);
  if (!waited) {
    client->waits.erase(number);
    reply(*client, id, waited.error());
    return false;
  }
  if (it == client->waits.end()) return true;
  it->second.key = *waited;
  wait = number;
  return true;
}

void ControlServer::reply_to_each(const std::shared_ptr<Client>& client, std::uint64_t id,
                                  const std::vector<std::string>& asked) {
  if (asked.empty()) reply(*client, id, control::Finished{});
  auto left = std::make_shared<std::size_t>(asked.size());
  std::uint64_t wait = 0;
  for (const std::string& task_id : asked) {
    if (!wait_for_end(client, id, task_id, left, wait)) return;
  }
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::AskKill& ask) {
  auto asked = daemon_.kill(ask, client->caller);
  if (!asked) {
    reply(*client, id, asked.error());
  } else {
    reply_to_each(client, id, *asked);
  }
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::AskDrain& ask) {
  auto asked = daemon_.drain(ask, client->caller);
  if (!asked) {
    reply(*client, id, asked.error());
  } else {
    spdlog::info("draining, asked by pid {}, uid {}: {} tasks are ended", client->caller.pid,
                 client->caller.uid, asked->size());
    reply_to_each(client, id, *asked);
  }
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::AskOrder& ask) {
  auto given =
      daemon_.order(ask, client->caller, [this, id, handle = Handle(client)](const Status& done) {
        const auto alive = handle.lock();
        if (!alive) return;
        --alive->open;
        if (done) {
          reply(*alive, id, control::Finished{});
        } else {
          reply(*alive, id, done.error());
        }
      });
  if (!given) {
    reply(*client, id, given.error());
  } else {
    ++client->open;
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
  std::uint64_t number = 0;
  if (!wait_for_end(client, id, ask.task_id, nullptr, number)) return;
  if (number == 0 || ask.timeout < 0) return;
  const Microseconds now = reactor_.loop().now().boot;
  if (ask.timeout > std::numeric_limits<Microseconds>::max() - now) return;
  client->waits[number].timer =
      reactor_.deadlines().add(now + ask.timeout, [this, id, number, handle = Handle(client)] {
        const auto alive = handle.lock();
        if (!alive) return;
        const auto it = alive->waits.find(number);
        if (it == alive->waits.end()) return;
        daemon_.wait_no_more(it->second.task_id, it->second.key);
        alive->waits.erase(it);
        reply(*alive, id, control::Finished{});
      });
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::Subscribe& ask) {
  auto patterns = daemon_.compile(ask.patterns);
  if (!patterns) {
    reply(*client, id, patterns.error());
    return;
  }
  client->subscribed = false;
  client->subscription = {id, ask.follow, std::move(*patterns)};
  // Behind this turn's events: what has a position then lasts, and was told.
  ++client->open;
  daemon_.at_turn_end([this, ask, handle = Handle(client)] {
    const auto alive = handle.lock();
    if (!alive) return;
    --alive->open;
    if (ask.since == 0) {
      send_snapshot(*alive, ask);
    } else {
      alive->position = ask.since;
      send_past(alive);
    }
  });
}

void ControlServer::send_snapshot(Client& client, const control::Subscribe& ask) {
  const std::uint64_t id = client.subscription.request;
  control::TaskQuery query;
  query.patterns = ask.patterns;
  query.finished = false;
  auto entries = daemon_.list(query, client.caller);
  if (!entries) {
    reply(client, id, entries.error());
    return;
  }
  for (control::TaskEntry& entry : *entries) reply(client, id, std::move(entry));
  client.position = daemon_.last_position();
  reply(client, id, control::Snapshot{client.position});
  client.subscribed = client.subscription.follow;
  if (!client.subscribed) reply(client, id, control::Finished{});
}

// What lies behind the client's position, as much of it as its queue can bear; the rest when it has
// read that. Called when no turn is under way.
void ControlServer::send_past(const std::shared_ptr<Client>& client) {
  const std::uint64_t id = client->subscription.request;
  const std::uint64_t last = daemon_.last_position();
  for (control::Event& event : daemon_.events_after(client->position, client->caller)) {
    if (client->out.size() > daemon_.settings().queue_bytes / 2) {
      client->reading_past = true;
      return;
    }
    client->position = event.position;
    if (client->subscription.patterns.match(event.task_id)) reply(*client, id, std::move(event));
  }
  client->position = std::max(client->position, last);
  client->subscribed = client->subscription.follow;
  if (!client->subscribed) reply(*client, id, control::Finished{});
}

void ControlServer::publish(const control::Event& event, std::uint32_t owner) {
  for (const auto& client : clients_) {
    if (!client->subscribed || event.position <= client->position) continue;
    if (!client->caller.is_root() && client->caller.uid != owner) continue;
    const auto& [request, follow, patterns] = client->subscription;
    if (patterns.match(event.task_id)) reply(*client, request, event);
  }
}

}  // namespace thermos
