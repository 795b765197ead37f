#include "reactor/daemon/control_server.h"

#include <malloc.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/daemon/control_socket.h"
#include "reactor/os/counters.h"

namespace thermos {
namespace {

// Returns the device and inode of the file at `path`.
std::optional<std::pair<dev_t, ino_t>> file_at(const std::string& path) {
  struct stat info {};
  if (path.empty() || ::lstat(path.c_str(), &info) != 0) return std::nullopt;
  return std::pair(info.st_dev, info.st_ino);
}

constexpr std::size_t kMuch = std::size_t{4} << 20;
// The time that clients have to take their last replies.
constexpr Microseconds kLastReplies = 10 * kSecond;

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::listen(Reactor& reactor, Daemon& daemon,
                                                             const std::string& socket_path,
                                                             Descriptor kept) {
  auto socket = kept ? Result<Descriptor>(std::move(kept)) : listen_at(socket_path);
  if (!socket) return socket.error();
  return std::unique_ptr<ControlServer>(
      new ControlServer(reactor, daemon, std::move(*socket), socket_path));
}

ControlServer::ControlServer(Reactor& reactor, Daemon& daemon, Descriptor socket, std::string path)
    : reactor_(reactor),
      daemon_(daemon),
      path_(std::move(path)),
      file_(file_at(path_)),
      turns_(reactor.loop()),
      listener_(reactor.loop(), reactor.deadlines(), std::move(socket), "the control socket",
                [this](Descriptor client) { accept(std::move(client)); }) {
  turns_.on_rest = [this] { give_back_memory(); };
  daemon_.events().on_events = [this](const std::set<std::uint32_t>& owners) {
    for (const auto& client : clients_) {
      if (client->requests->concerned_by(owners)) turns_.call(client->seat);
    }
  };
}

ControlServer::~ControlServer() {
  daemon_.events().on_events = nullptr;
  if (sent_limit_) reactor_.deadlines().cancel(*sent_limit_);
  // Another daemon's socket may be at the path by now.
  if (file_ && file_at(path_) == file_) unlink(path_.c_str());
}

void ControlServer::when_all_sent(std::function<void()> done) {
  if (on_all_sent_) return;
  on_all_sent_ = std::move(done);
  sent_limit_ = reactor_.deadlines().add(reactor_.loop().now().boot + kLastReplies, [this] {
    sent_limit_.reset();
    look_whether_all_is_sent();
  });
  look_whether_all_is_sent();
}

void ControlServer::look_whether_all_is_sent() {
  if (!on_all_sent_) return;
  const bool waits = std::any_of(clients_.begin(), clients_.end(), [](const auto& client) {
    return client->connection.unsent() > 0;
  });
  if (waits && sent_limit_) return;
  if (sent_limit_) reactor_.deadlines().cancel(*sent_limit_);
  sent_limit_.reset();
  std::exchange(on_all_sent_, nullptr)();
}

// The allocator does not return freed memory below a block that is still in use. So memory that one
// client made it take would be kept for ever.
void ControlServer::give_back_memory() {
  if (used_ < kMuch || turns_.busy()) return;
  used_ = 0;
  malloc_trim(0);
}

// ---- clients that connect and leave ------------------------------------------------------------

void ControlServer::accept(Descriptor socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return;
  auto client = std::make_shared<Client>(std::move(socket), used_);
  client->caller = {peer.uid, peer.pid};
  if (!has_room_for(client->caller)) {
    spdlog::warn("a client of uid {} was turned away: {} are connected, {} of them theirs",
                 peer.uid, clients_.size(), connected_[peer.uid]);
    client->connection.reply(
        0, Error{ErrorCode::Busy, "too many connections to the daemon; try again"});
    return;
  }
  admit(client);
}

void ControlServer::admit(const std::shared_ptr<Client>& client) {
  clients_.push_back(client);
  ++counters().connections;
  ++connected_[client->caller.uid];
  const std::weak_ptr<Client> handle = client;
  client->seat = std::make_shared<Seat>();
  client->seat->uid = client->caller.uid;
  client->seat->work = [this, handle](const Slice& slice) {
    const auto alive = handle.lock();
    return alive && work(alive, slice);
  };
  client->requests =
      std::make_shared<ClientRequests>(reactor_, daemon_, client->caller, client->connection,
                                       [this, seat = std::weak_ptr<Seat>(client->seat)] {
                                         if (const auto alive = seat.lock()) turns_.call(alive);
                                       });
  client->connection.watch(reactor_.loop(), [this, handle](int events) {
    if (const auto alive = handle.lock()) on_ready(alive, events);
  });
}

bool ControlServer::has_room_for(const Caller& caller) const {
  if (clients_.size() >= daemon_.settings().connections) return false;
  const auto theirs = connected_.find(caller.uid);
  return caller.is_root() || theirs == connected_.end() ||
         theirs->second < daemon_.settings().connections_per_user;
}

void ControlServer::drop(const std::shared_ptr<Client>& client) {
  if (client->connection.abandoned()) return;
  client->requests->give_up();  // before abandon(), because it counts unsent replies
  client->connection.abandon();
  if (--connected_[client->caller.uid] == 0) connected_.erase(client->caller.uid);
  clients_.remove(client);
  --counters().connections;
  listener_.client_left();
  // At the end of the turn, because the client's buffers are freed only after this call.
  if (used_ >= kMuch) daemon_.events().at_turn_end([this] { give_back_memory(); });
}

// ---- requests and turns ------------------------------------------------------------------------

void ControlServer::on_ready(const std::shared_ptr<Client>& client, int events) {
  ClientConnection& connection = client->connection;
  if ((events & UV_WRITABLE) != 0 || connection.closing()) {
    const bool was_full = is_full(*client);
    connection.flush();
    if (was_full && !is_full(*client)) turns_.call(client->seat);
  }
  if ((events & UV_READABLE) != 0 && !connection.closing() && !connection.ended()) {
    read_requests(client);
  }
  if (connection.done()) drop(client);
  look_whether_all_is_sent();
}

// Only reads. The received requests are handled when it is the client's turn.
void ControlServer::read_requests(const std::shared_ptr<Client>& client) {
  ClientConnection& connection = client->connection;
  switch (connection.read()) {
    case ClientConnection::Read::Nothing:
      return;
    case ClientConnection::Read::Broken:
      drop(client);
      return;
    case ClientConnection::Read::End:
      // All the client's requests are answered, or wait for future events. It is dropped at once,
      // because another client may wait for its place.
      if (connection.hungry() && connection.unsent() == 0 && client->requests->quiet()) {
        drop(client);
        return;
      }
      connection.end_input();
      break;
    case ClientConnection::Read::Some:
      break;
  }
  turns_.call(client->seat);
}

bool ControlServer::is_full(const Client& client) const {
  return client.connection.unsent() > daemon_.settings().queue_bytes;
}

bool ControlServer::work(const std::shared_ptr<Client>& client, const Slice& slice) {
  ClientConnection& connection = client->connection;
  // The replies are sent together after this turn.
  connection.cork();
  bool more = true;
  do {
    more = step(*client);
  } while (more && !slice.over());
  connection.uncork();
  const bool was_full = is_full(*client);
  if (!connection.abandoned()) connection.flush();
  if (connection.done()) drop(client);
  // The full queue was emptied here, so on_ready() does not notice that it has room again.
  if (was_full && !is_full(*client)) more = true;
  look_whether_all_is_sent();
  return more && !connection.closing();
}

// Returns false if there is nothing to do until the client sends something or takes its replies.
bool ControlServer::step(Client& client) const {
  ClientConnection& connection = client.connection;
  if (connection.closing()) return false;
  if (is_full(client)) return false;
  const bool did = client.requests->step();
  // If requests are still to be answered, at the end of this turn or of a later one, the connection
  // stays open.
  if (!did && connection.ended() && client.requests->quiet()) connection.close();
  return did;
}

}  // namespace thermos
