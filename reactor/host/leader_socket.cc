#include "reactor/host/leader_socket.h"
#include "reactor/os/errors.h"

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
constexpr std::uint32_t kOrder = 0x4f524431;  // "ORD1"
constexpr std::size_t kLongestText = 1000;

struct KillMessage {
  std::uint32_t kind = kKill;
  std::uint32_t lose = 0;
  std::int64_t wait = -1;  // microseconds; negative: the task's own
};
struct OrderMessage {
  std::uint32_t kind = kOrder;
  std::uint32_t verb = 0;
  std::int64_t wait = -1;
  std::array<char, 256> process{};  // a name is shorter: there is a NUL behind it
};
// Answers an order: code 0, or an ErrorCode's number plus one and what is wrong.
struct OrderReply {
  std::uint32_t kind = kOrder;
  std::uint32_t code = 0;
  std::array<char, kLongestText> text{};
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

Result<std::unique_ptr<LeaderSocket>> LeaderSocket::listen(Loop& loop, Deadlines& deadlines,
                                                           const std::string& checkpoint_dir,
                                                           Handlers handlers) {
  Descriptor directory = open_directory(checkpoint_dir);
  if (!directory) return system_error("cannot open " + checkpoint_dir, errno);
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("cannot make a socket", errno);
  const sockaddr_un address = address_in(directory);
  unlinkat(directory.get(), "leader", 0);  // an earlier leader's; we hold the lock, so it is dead
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 16) != 0) {
    return system_error("cannot listen in " + checkpoint_dir, errno);
  }
  return std::unique_ptr<LeaderSocket>(new LeaderSocket(loop, deadlines, std::move(directory),
                                                        std::move(socket), std::move(handlers)));
}

LeaderSocket::LeaderSocket(Loop& loop, Deadlines& deadlines, Descriptor directory,
                           Descriptor socket, Handlers handlers)
    : loop_(loop),
      directory_(std::move(directory)),
      handlers_(std::move(handlers)),
      listener_(loop, deadlines, std::move(socket), "the leader's socket",
                [this](Descriptor client) { accept(std::move(client)); }) {}

LeaderSocket::~LeaderSocket() {
  unlinkat(directory_.get(), "leader", 0);
}

void LeaderSocket::accept(Descriptor socket) {
  clients_.push_back({std::move(socket), nullptr});
  const auto client = std::prev(clients_.end());
  client->poll = std::make_unique<Poll>(loop_, client->socket.get(),
                                        [this, client](int) { read_request(client); });
}

void LeaderSocket::read_request(std::list<Client>::iterator client) {
  alignas(OrderMessage) std::array<std::byte, sizeof(OrderMessage) + 1> room{};
  const ssize_t got = recv(client->socket.get(), room.data(), room.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  ucred peer{};
  socklen_t length = sizeof peer;
  getsockopt(client->socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length);
  std::string asker =
      "asked by pid " + std::to_string(peer.pid) + ", uid " + std::to_string(peer.uid);
  KillMessage kill;
  OrderMessage order;
  if (got == sizeof kill) std::memcpy(&kill, room.data(), sizeof kill);
  if (got == sizeof order) std::memcpy(&order, room.data(), sizeof order);
  if (got == sizeof kill && kill.kind == kKill) {
    const ReplyMessage heard{kHeard, 0};
    send(client->socket.get(), &heard, sizeof heard, MSG_NOSIGNAL);
    KillRequest request;
    request.lose = kill.lose != 0;
    if (kill.wait >= 0) request.wait = kill.wait;
    handlers_.on_kill(request, std::move(asker));
  } else if (got == sizeof order && order.kind == kOrder && order.verb < kVerbs &&
             order.process.back() == '\0') {
    OrderRequest request;
    request.process = order.process.data();
    request.verb = static_cast<Verb>(order.verb);
    if (order.wait >= 0) request.wait = order.wait;
    OrderReply reply;
    if (auto taken = handlers_.on_order(request, std::move(asker)); !taken) {
      reply.code = static_cast<std::uint32_t>(taken.error().code) + 1;
      taken.error().message.copy(reply.text.data(), reply.text.size() - 1);
    }
    send(client->socket.get(), &reply, sizeof reply, MSG_NOSIGNAL);
  } else {
    clients_.erase(client);
    listener_.client_left();
  }
}

void LeaderSocket::announce(TaskState state) {
  const ReplyMessage ended{kEnded, static_cast<std::uint32_t>(state)};
  for (Client& client : clients_) send(client.socket.get(), &ended, sizeof ended, MSG_NOSIGNAL);
}

namespace {

// A socket that the leader answers on. `asked` says what came instead of one.
Result<Descriptor> reach_leader(const std::string& checkpoint_dir, Microseconds patience,
                                LeaderReply& asked) {
  const Descriptor directory = open_directory(checkpoint_dir);
  if (!directory) return system_error("cannot open " + checkpoint_dir, errno);
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("cannot make a socket", errno);
  // A stopped leader with a full backlog would hold connect() for ever.
  const timeval limit{static_cast<time_t>(patience / kSecond),
                      static_cast<suseconds_t>(patience % kSecond)};
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const sockaddr_un address = address_in(directory);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return socket;
  }
  if (errno == ENOENT || errno == ECONNREFUSED) {
    asked = LeaderReply::NoLeader;
    return Descriptor();
  }
  if (errno == EAGAIN || errno == EINPROGRESS) {
    asked = LeaderReply::Silent;
    return Descriptor();
  }
  return system_error("cannot reach the leader in " + checkpoint_dir, errno);
}

}  // namespace

Result<Answer> ask_leader(const std::string& checkpoint_dir, const KillRequest& request,
                          Microseconds patience) {
  LeaderReply asked = LeaderReply::NoLeader;
  const auto socket = reach_leader(checkpoint_dir, patience, asked);
  if (!socket) return socket.error();
  if (!*socket) return Answer{asked};
  const KillMessage message{kKill, request.lose ? 1U : 0U, request.wait.value_or(-1)};
  if (send(socket->get(), &message, sizeof message, MSG_NOSIGNAL) != sizeof message) {
    return Answer{LeaderReply::Vanished};
  }
  ReplyMessage reply;
  if (!wait_readable(socket->get(), patience)) return Answer{LeaderReply::Silent};
  if (recv(socket->get(), &reply, sizeof reply, 0) != sizeof reply || reply.kind != kHeard) {
    return Answer{LeaderReply::Vanished};
  }
  wait_readable(socket->get(), -1);
  if (recv(socket->get(), &reply, sizeof reply, 0) != sizeof reply || reply.kind != kEnded ||
      reply.state >= kTaskStates) {
    return Answer{LeaderReply::Vanished};
  }
  return Answer{LeaderReply::Ended, static_cast<TaskState>(reply.state)};
}

Status order_leader(const std::string& checkpoint_dir, const OrderRequest& request,
                    Microseconds patience) {
  LeaderReply asked = LeaderReply::NoLeader;
  const auto socket = reach_leader(checkpoint_dir, patience, asked);
  if (!socket) return socket.error();
  if (!*socket && asked == LeaderReply::NoLeader) {
    return Error{ErrorCode::NoDaemon,
                 "nobody leads the task: start `thermos run` with its id, or the daemon, first"};
  }
  OrderMessage message;
  if (request.process.size() >= message.process.size()) {
    return Error{ErrorCode::NotFound, "the task has no process " + request.process};
  }
  message.verb = static_cast<std::uint32_t>(request.verb);
  message.wait = request.wait.value_or(-1);
  request.process.copy(message.process.data(), request.process.size());
  OrderReply reply;
  const bool answered =
      *socket && send(socket->get(), &message, sizeof message, MSG_NOSIGNAL) == sizeof message &&
      wait_readable(socket->get(), patience) &&
      recv(socket->get(), &reply, sizeof reply, 0) == sizeof reply && reply.kind == kOrder;
  if (!answered) return Error{ErrorCode::Busy, "the task's leader does not answer"};
  if (reply.code == 0) return Done{};
  reply.text.back() = '\0';
  return Error{static_cast<ErrorCode>(reply.code - 1), reply.text.data()};
}

}  // namespace thermos
