#include "reactor/host/leader_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iterator>
#include <utility>
#include <variant>

#include "reactor/host/leader_packet.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

std::string asked_by(const Descriptor& socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length);
  return "asked by pid " + std::to_string(peer.pid) + ", uid " + std::to_string(peer.uid);
}

// Whether the client has closed the socket. A client that has only shut down its sending side still
// receives answers.
bool hung_up(const Descriptor& socket) {
  pollfd entry{socket.get(), 0, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP) != 0;
}

// Makes the error for a client that sends something this leader does not know.
Error refusal(ErrorCode code, const std::string& got) {
  return {code, "the task's leader (pid " + std::to_string(getpid()) +
                    ", thermos " THERMOS_VERSION ") got " + got +
                    "; ask it with the `thermos` of its own version"};
}

}  // namespace

Result<std::unique_ptr<LeaderSocket>> LeaderSocket::listen(Loop& loop, Deadlines& deadlines,
                                                           const std::string& checkpoint_dir,
                                                           Handlers handlers) {
  Descriptor directory = open_directory(checkpoint_dir);
  if (!directory) return system_error("cannot open " + checkpoint_dir, errno);
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("cannot make a socket", errno);
  const sockaddr_un address = address_in(directory, kUnreadyLeaderSocketName);
  // Files of either name belong to an earlier leader, which is dead because we hold the lock. The
  // socket gets its final name when it listens, so a client that waits for the name can connect.
  unlinkat(directory.get(), kUnreadyLeaderSocketName, 0);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 16) != 0 ||
      renameat(directory.get(), kUnreadyLeaderSocketName, directory.get(), kLeaderSocketName) !=
          0) {
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
  unlinkat(directory_.get(), kLeaderSocketName, 0);
}

void LeaderSocket::accept(Descriptor socket) {
  clients_.push_back({std::move(socket), nullptr, std::nullopt, {}});
  const auto client = std::prev(clients_.end());
  client->poll = std::make_unique<Poll>(loop_, client->socket.get(),
                                        [this, client](int) { read_request(client); });
}

void LeaderSocket::read_request(std::list<Client>::iterator client) {
  Packet packet;
  bool stays = false;
  switch (packet.receive(client->socket.get())) {
    case Packet::Verdict::None:
      return;
    case Packet::Verdict::Message:
      // A client that has hung up has reported that the request failed (when the leader was
      // stopped, for example), so the request must not be carried out.
      stays = !hung_up(client->socket) && answer(*client, packet.bytes());
      break;
    case Packet::Verdict::TooLong:
      send_packet(client->socket.get(),
                  {0, refusal(ErrorCode::Usage, "a request that is too long")});
      break;
    case Packet::Verdict::HungUp:
      break;
  }
  if (stays) return;
  if (!client->orders.empty()) {
    // The client may have shut down only its sending side, so it still gets its answers.
    client->poll.reset();
    return;
  }
  clients_.erase(client);
  listener_.client_left();
}

bool LeaderSocket::answer(Client& client, Bytes packet) {
  const int socket = client.socket.get();
  auto request = control::decode_request(packet);
  if (!request) {
    const Error& wrong = request.error();
    const bool garbled = wrong.code == ErrorCode::Corrupt;
    send_packet(socket,
                {0, refusal(wrong.code, garbled ? "what is " + wrong.message : wrong.message)});
    return false;
  }
  if (auto* kill = std::get_if<control::AskKill>(&request->body)) {
    client.kill = request->id;
    send_packet(socket, {request->id, control::Heard{}});
    kill->request.reason = asked_by(client.socket);
    handlers_.on_kill(kill->request);
    return true;
  }
  if (auto* order = std::get_if<control::AskOrder>(&request->body)) {
    order->request.reason = asked_by(client.socket);
    if (auto taken = handlers_.on_order(order->request, order->processes); !taken) {
      send_packet(socket, {request->id, taken.error()});
    } else {
      client.orders.push_back(request->id);
    }
    return true;
  }
  if (auto* call = std::get_if<control::AskNode>(&request->body)) {
    if (auto taken = handlers_.on_node(*call, asked_by(client.socket)); !taken) {
      send_packet(socket, {request->id, taken.error()});
    } else {
      client.orders.push_back(request->id);
    }
    return true;
  }
  send_packet(socket,
              {request->id, refusal(ErrorCode::Usage, "a request that only a daemon takes")});
  return false;
}

void LeaderSocket::confirm_orders() {
  for (auto client = clients_.begin(); client != clients_.end();) {
    for (const std::uint64_t id : std::exchange(client->orders, {})) {
      send_packet(client->socket.get(), {id, control::Finished{}});
    }
    const bool over = client->poll == nullptr;
    client = over ? clients_.erase(client) : std::next(client);
    if (over) listener_.client_left();
  }
}

void LeaderSocket::announce(TaskState state) {
  for (const Client& client : clients_) {
    if (!client.kill) continue;
    send_packet(client.socket.get(),
                {*client.kill, control::Ended{{}, std::string(name_of(state))}});
  }
}

}  // namespace thermos
