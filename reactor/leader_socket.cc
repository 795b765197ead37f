#include "reactor/leader_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <spdlog/spdlog.h>

namespace thermos {
namespace {

// Both ends are of one build or nearly so, on one machine: plain structs. A first word that is
// not known is refused, so that a later build can say more.
constexpr std::uint32_t kKill = 0x4b494c31;   // "KIL1"
constexpr std::uint32_t kHeard = 0x48454131;  // "HEA1"
constexpr std::uint32_t kEnded = 0x454e4431;  // "END1"

struct KillMessage {
  std::uint32_t kind = kKill;
  std::uint32_t lose = 0;
  std::int64_t wait = -1;  // microseconds; negative: the task's own
};
struct ReplyMessage {
  std::uint32_t kind = kHeard;
  std::uint32_t state = 0;
};

// sun_path holds 108 bytes and a root may be longer: the directory is named by its descriptor.
sockaddr_un address_in(const Descriptor& directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(directory.get()) + "/leader";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Descriptor open_directory(const std::string& path) {
  return Descriptor(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

Error system_error(const std::string& what) {
  return Error{ErrorCode::System, what + ": " + std::strerror(errno)};
}

// Whether something came within `patience`; negative: wait for ever.
bool wait_readable(int fd, Microseconds patience) {
  pollfd entry{fd, POLLIN, 0};
  int result = 0;
  do {
    result = poll(&entry, 1, patience < 0 ? -1 : static_cast<int>(patience / 1000));
  } while (result < 0 && errno == EINTR);
  return result > 0;
}

}  // namespace

Result<std::unique_ptr<LeaderSocket>> LeaderSocket::listen(
    Loop& loop, const std::string& checkpoint_dir,
    std::function<void(const KillRequest&, std::string)> on_kill) {
  Descriptor directory = open_directory(checkpoint_dir);
  if (!directory) return system_error("cannot open " + checkpoint_dir);
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("cannot make a socket");
  const sockaddr_un address = address_in(directory);
  unlinkat(directory.get(), "leader", 0);  // an earlier leader's; we hold the lock, so it is dead
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 16) != 0) {
    return system_error("cannot listen in " + checkpoint_dir);
  }
  return std::unique_ptr<LeaderSocket>(
      new LeaderSocket(loop, std::move(directory), std::move(socket), std::move(on_kill)));
}

LeaderSocket::LeaderSocket(Loop& loop, Descriptor directory, Descriptor socket,
                           std::function<void(const KillRequest&, std::string)> on_kill)
    : loop_(loop),
      directory_(std::move(directory)),
      socket_(std::move(socket)),
      on_kill_(std::move(on_kill)),
      poll_(std::make_unique<Poll>(loop, socket_.get(), [this](int) { accept_one(); })) {}

LeaderSocket::~LeaderSocket() {
  unlinkat(directory_.get(), "leader", 0);
}

void LeaderSocket::accept_one() {
  Descriptor socket;
  int error = 0;
  spare_.lend([&] {
    socket.reset(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    error = errno;
  });
  if (!socket) {
    // Who waits at the door would wake us again and again until somebody has left.
    if (error == EMFILE || error == ENFILE) poll_->watch(0);
    return;
  }
  clients_.push_back({std::move(socket), nullptr});
  const auto client = std::prev(clients_.end());
  client->poll = std::make_unique<Poll>(loop_, client->socket.get(),
                                        [this, client](int) { read_request(client); });
}

void LeaderSocket::read_request(std::list<Client>::iterator client) {
  KillMessage message;
  const ssize_t got = recv(client->socket.get(), &message, sizeof message, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got != sizeof message || message.kind != kKill) {
    clients_.erase(client);
    poll_->watch(UV_READABLE);
    return;
  }
  ucred peer{};
  socklen_t length = sizeof peer;
  getsockopt(client->socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length);
  const ReplyMessage heard{kHeard, 0};
  send(client->socket.get(), &heard, sizeof heard, MSG_NOSIGNAL);
  KillRequest request;
  request.lose = message.lose != 0;
  if (message.wait >= 0) request.wait = message.wait;
  on_kill_(request,
           "asked by pid " + std::to_string(peer.pid) + ", uid " + std::to_string(peer.uid));
}

void LeaderSocket::announce(TaskState state) {
  const ReplyMessage ended{kEnded, static_cast<std::uint32_t>(state)};
  for (Client& client : clients_) send(client.socket.get(), &ended, sizeof ended, MSG_NOSIGNAL);
}

Result<Answer> ask_leader(const std::string& checkpoint_dir, const KillRequest& request,
                          Microseconds patience) {
  const Descriptor directory = open_directory(checkpoint_dir);
  if (!directory) return system_error("cannot open " + checkpoint_dir);
  const Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("cannot make a socket");
  // A stopped leader with a full backlog would hold connect() for ever.
  const timeval limit{static_cast<time_t>(patience / kSecond),
                      static_cast<suseconds_t>(patience % kSecond)};
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const sockaddr_un address = address_in(directory);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return Answer{Asked::NoLeader};
    if (errno == EAGAIN || errno == EINPROGRESS) return Answer{Asked::Silent};
    return system_error("cannot reach the leader in " + checkpoint_dir);
  }
  const KillMessage message{kKill, request.lose ? 1U : 0U, request.wait.value_or(-1)};
  if (send(socket.get(), &message, sizeof message, MSG_NOSIGNAL) != sizeof message) {
    return Answer{Asked::Vanished};
  }
  ReplyMessage reply;
  if (!wait_readable(socket.get(), patience)) return Answer{Asked::Silent};
  if (recv(socket.get(), &reply, sizeof reply, 0) != sizeof reply || reply.kind != kHeard) {
    return Answer{Asked::Vanished};
  }
  wait_readable(socket.get(), -1);
  if (recv(socket.get(), &reply, sizeof reply, 0) != sizeof reply || reply.kind != kEnded ||
      reply.state >= kTaskStates) {
    return Answer{Asked::Vanished};
  }
  return Answer{Asked::Ended, static_cast<TaskState>(reply.state)};
}

}  // namespace thermos
