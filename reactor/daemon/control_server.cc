#include "reactor/daemon/control_server.h"

#include <grp.h>
#include <malloc.h>
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

#include "core/base/text.h"
#include "reactor/control/control_client.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"

namespace thermos {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
constexpr std::size_t kMuch = std::size_t{4} << 20;

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
  if (!socket) return system_error("no socket", errno);
  unlink(socket_path.c_str());
  // Nobody may connect before the group is right.
  const mode_t mask = umask(0177);
  const bool bound =
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  umask(mask);
  if (!bound) return system_error("cannot listen at " + socket_path, errno);
  if (geteuid() == 0) {
    if (const group* thermos = getgrnam("thermos"); thermos != nullptr) {
      if (chown(socket_path.c_str(), 0, thermos->gr_gid) != 0) {
        return system_error("cannot give " + socket_path + " to group thermos", errno);
      }
    }
  }
  if (chmod(socket_path.c_str(), 0660) != 0 || ::listen(socket.get(), 256) != 0) {
    return system_error("cannot listen at " + socket_path, errno);
  }
  return std::unique_ptr<ControlServer>(
      new ControlServer(reactor, daemon, std::move(socket), socket_path));
}

ControlServer::ControlServer(Reactor& reactor, Daemon& daemon, Descriptor socket, std::string path)
    : reactor_(reactor),
      daemon_(daemon),
      path_(std::move(path)),
      turns_(reactor.loop()),
      listener_(reactor.loop(), reactor.deadlines(), std::move(socket), "the control socket",
                [this](Descriptor client) { accept(std::move(client)); }) {
  turns_.on_rest = [this] { give_back_memory(); };
  daemon_.on_events = [this](const std::set<std::uint32_t>& owners) {
    for (const auto& client : clients_) {
      if (client->subscription == nullptr) continue;
      const auto concerns = [&](std::uint32_t owner) {
        return client->subscription->concerns(owner);
      };
      if (std::any_of(owners.begin(), owners.end(), concerns)) turns_.call(client->seat);
    }
  };
}

// The allocator keeps what is freed behind anything that lives; and what one client made it take,
// it would keep for ever.
void ControlServer::give_back_memory() {
  if (used_ < kMuch || turns_.busy()) return;
  used_ = 0;
  malloc_trim(0);
}

ControlServer::~ControlServer() {
  daemon_.on_events = nullptr;
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
  client->seat = std::make_shared<Seat>();
  client->seat->uid = peer.uid;
  client->seat->work = [this, handle = Handle(client)](const Slice& slice) {
    const auto alive = handle.lock();
    return alive && work(alive, slice);
  };
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
  if ((events & UV_WRITABLE) != 0 || client->closing) {
    const bool was_full = is_full(*client);
    flush(*client);
    if (was_full && !is_full(*client)) turns_.call(client->seat);
  }
  if ((events & UV_READABLE) != 0 && !client->closing && !client->ends) read_requests(client);
  if (client->closing && client->out.size() == 0) drop(client);
}

// Only reads: what came is dealt with when it is the client's turn. Until then its next bytes may
// wait where they are.
void ControlServer::read_requests(const std::shared_ptr<Client>& client) {
  const auto room = client->in.space(kReadBytes);
  const ssize_t got = recv(client->socket.get(), room.data(), room.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) {
    drop(client);
    return;
  }
  if (got == 0 && is_content(*client)) {
    drop(client);  // at once: its place may be what another waits for
    return;
  }
  if (got == 0) {
    client->ends = true;
  } else {
    client->in.filled(static_cast<std::size_t>(got));
    used_ += static_cast<std::size_t>(got);
    client->hungry = false;
  }
  turns_.call(client->seat);
  watch(*client);
}

bool ControlServer::is_content(const Client& client) {
  return client.hungry && !client.answer && client.out.size() == 0 &&
         (client.subscription == nullptr || client.subscription->quiet());
}

bool ControlServer::is_full(const Client& client) const {
  return client.out.size() > daemon_.settings().queue_bytes;
}

bool ControlServer::work(const std::shared_ptr<Client>& client, const Slice& slice) {
  worked_for_ = client.get();
  bool more = true;
  do {
    more = step(client);
  } while (more && !slice.over());
  worked_for_ = nullptr;
  if (client->poll) flush(*client);
  if (client->closing && client->out.size() == 0) drop(client);
  return more && !client->closing;
}

// False: there is nothing to do until something comes, or goes out.
bool ControlServer::step(const std::shared_ptr<Client>& client) {
  if (client->closing) return false;
  if (is_full(*client)) {
    flush(*client);
    if (client->closing || is_full(*client)) return false;
  }
  bool did = step_requests(client);
  if (!client->closing && step_subscription(*client)) did = true;
  if (!did && client->ends) {
    client->closing = true;
    watch(*client);
  }
  return did;
}

bool ControlServer::step_requests(const std::shared_ptr<Client>& client) {
  if (client->answer) {
    if (auto piece = client->answer->step()) reply(*client, client->answered, std::move(*piece));
    if (client->answer->complete()) client->answer.reset();
    return true;
  }
  auto payload = client->in.next();
  std::optional<Error> wrong;
  if (!payload) {
    wrong = payload.error();
  } else if (!*payload) {
    client->hungry = true;
    return false;
  } else if (auto request = control::decode_request(**payload); !request) {
    wrong = request.error();
  } else {
    answer(client, *request);
    client->hungry = client->in.buffered() == 0;
    return true;
  }
  reply(*client, 0, *wrong);
  client->closing = true;
  watch(*client);
  return true;
}

bool ControlServer::step_subscription(Client& client) {
  const std::shared_ptr<Subscription> subscription = client.subscription;
  if (subscription == nullptr || subscription->quiet()) return false;
  if (auto told = subscription->step()) reply(client, subscription->request(), std::move(*told));
  if (subscription->complete()) client.subscription.reset();
  return true;
}

void ControlServer::drop(const std::shared_ptr<Client>& client) {
  if (!client->poll) return;
  client->poll.reset();
  client->closing = true;
  client->answer.reset();
  client->subscription.reset();
  client->out = {};
  for (const auto& [number, wait] : client->waits) {
    daemon_.wait_no_more(wait.task_id, wait.key);
    if (wait.timer) reactor_.deadlines().cancel(*wait.timer);
  }
  client->waits.clear();
  if (--connected_[client->caller.uid] == 0) connected_.erase(client->caller.uid);
  clients_.remove(client);
  listener_.client_left();
  // When it is gone; its buffers are not, yet.
  if (used_ >= kMuch) daemon_.at_turn_end([this] { give_back_memory(); });
}

void ControlServer::reply(Client& client, std::uint64_t id, control::ReplyBody body) {
  if (client.closing) return;
  // One line for people, whatever of the request it repeats.
  if (auto* failure = std::get_if<Error>(&body)) failure->message = printable(failure->message);
  auto payload = control::encode(control::Reply{id, std::move(body)});
  if (!payload) payload = control::encode(control::Reply{id, payload.error()});
  client.out.put(*payload);
  used_ += payload->size();
  if (&client != worked_for_) flush(client);
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
  // Nor is who has sent enough to be going on with.
  const bool enough = !client.hungry && client.in.buffered() >= kReadBytes;
  const int wanted = (client.closing || client.ends || enough ? 0 : UV_READABLE) |
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
  version.tasks = static_cast<std::uint32_t>(daemon_.active_of(client->caller));
  reply(*client, id, version);
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::Submit& ask) {
  auto submitted = daemon_.submit(
      ask, client->caller,
      [this, id, handle = Handle(client), task_id = ask.task_id](const Status& made) {
        const auto alive = handle.lock();
        if (!alive) return;
        --alive->open;
        if (made) {
          reply(*alive, id, control::Submitted{task_id});
        } else {
          reply(*alive, id, made.error());
        }
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
  if (ask.patterns.empty()) {
    reply(*client, id, Error{ErrorCode::Usage, "kill: which tasks?"});
    return;
  }
  auto patterns = daemon_.compile(ask.patterns, client->caller);
  if (!patterns) {
    reply(*client, id, patterns.error());
    return;
  }
  client->answer = std::make_unique<KillAnswer>(
      TaskWalk(daemon_, client->caller, std::move(*patterns), true, false),
      [this, id, ask, handle = Handle(client)](const std::vector<std::string>& ids) {
        const auto alive = handle.lock();
        if (!alive) return;
        auto asked = daemon_.kill(ask, alive->caller, ids);
        if (!asked) {
          reply(*alive, id, asked.error());
        } else {
          reply_to_each(alive, id, *asked);
        }
      });
  client->answered = id;
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
  on_list(client, id, ask, false);
}

void ControlServer::on(const std::shared_ptr<Client>& client, std::uint64_t id,
                       const control::AskStatus& ask) {
  on_list(client, id, ask, true);
}

void ControlServer::on_list(const std::shared_ptr<Client>& client, std::uint64_t id,
                            const control::TaskQuery& ask, bool status) {
  auto patterns = daemon_.compile(ask.patterns, client->caller);
  if (!patterns) {
    reply(*client, id, patterns.error());
    return;
  }
  client->answer = std::make_unique<TaskAnswer>(
      daemon_, TaskWalk(daemon_, client->caller, std::move(*patterns), ask.active, ask.finished),
      status);
  client->answered = id;
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
  auto patterns = daemon_.compile(ask.patterns, client->caller);
  if (!patterns) {
    reply(*client, id, patterns.error());
    return;
  }
  client->subscription =
      std::make_shared<Subscription>(daemon_, client->caller, id, ask, std::move(*patterns));
  // Behind this turn's events: what has a position then lasts, and was told.
  daemon_.at_turn_end([this, handle = Handle(client), begun = client->subscription] {
    const auto alive = handle.lock();
    if (!alive || alive->subscription != begun) return;
    begun->begin();
    turns_.call(alive->seat);
  });
}

}  // namespace thermos
