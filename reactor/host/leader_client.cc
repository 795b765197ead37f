#include "reactor/host/leader_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <variant>

#include "reactor/host/leader_packet.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

// Whether the socket became readable within `patience`. A negative `patience` waits for ever.
bool wait_readable(int fd, Microseconds patience) {
  pollfd entry{fd, POLLIN, 0};
  int result = 0;
  do {
    result = poll(&entry, 1, patience < 0 ? -1 : static_cast<int>(patience / 1000));
  } while (result < 0 && errno == EINTR);
  return result > 0;
}

// Returns a socket that is connected to the leader. If there is none, returns an empty descriptor
// and sets `reply` to the reason.
Result<Descriptor> reach_leader(const std::string& checkpoint_dir, Microseconds patience,
                                LeaderReply& reply) {
  const Descriptor directory = open_directory(checkpoint_dir);
  if (!directory) return system_error("cannot open " + checkpoint_dir, errno);
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("cannot make a socket", errno);
  // A stopped leader with a full backlog would hold connect() for ever.
  const timeval limit{static_cast<time_t>(patience / kSecond),
                      static_cast<suseconds_t>(patience % kSecond)};
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const sockaddr_un address = address_in(directory, kLeaderSocketName);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return socket;
  }
  if (errno == ENOENT || errno == ECONNREFUSED) {
    reply = LeaderReply::NoLeader;
    return Descriptor();
  }
  if (errno == EAGAIN || errno == EINPROGRESS) {
    reply = LeaderReply::Silent;
    return Descriptor();
  }
  return system_error("cannot reach the leader in " + checkpoint_dir, errno);
}

// Returns the leader's next reply. If none comes, returns nothing and sets `reply` to the reason.
// Fails with the error that the leader sends.
Result<std::optional<control::ReplyBody>> hear(const Descriptor& socket, Microseconds patience,
                                               LeaderReply& reply) {
  if (!wait_readable(socket.get(), patience)) {
    reply = LeaderReply::Silent;
    return std::optional<control::ReplyBody>();
  }
  Packet packet;
  if (packet.receive(socket.get()) == Packet::Verdict::HungUp) {
    reply = LeaderReply::HungUp;
    return std::optional<control::ReplyBody>();
  }
  auto message = control::decode_reply(packet.bytes());
  if (!message) {
    return Error{message.error().code, "the task's leader sent " + message.error().message};
  }
  if (auto* failure = std::get_if<Error>(&message->body)) return std::move(*failure);
  return std::optional(std::move(message->body));
}

// Sends a request that gets one reply, and waits for it.
Status ask_once(const std::string& checkpoint_dir, control::RequestBody body,
                Microseconds patience) {
  LeaderReply reply = LeaderReply::NoLeader;
  const auto socket = reach_leader(checkpoint_dir, patience, reply);
  if (!socket) return socket.error();
  if (*socket) {
    reply = LeaderReply::HungUp;
    if (send_packet(socket->get(), control::Request{1, std::move(body)})) {
      auto said = hear(*socket, patience, reply);
      if (!said) return said.error();
      if (*said) return Done{};
    }
  }
  switch (reply) {
    case LeaderReply::NoLeader:
      return Error{ErrorCode::NoDaemon,
                   "nobody leads the task: start `thermos run` with its id, or the daemon, first"};
    case LeaderReply::HungUp:
      return Error{
          ErrorCode::Busy,
          "the task's leader hung up without an answer: it ends, or is of an earlier version "
          "of thermos that takes no orders from this one"};
    default:
      return Error{ErrorCode::Busy, "the task's leader does not answer"};
  }
}

}  // namespace

Result<LeaderAnswer> ask_leader(const std::string& checkpoint_dir, const KillRequest& request,
                                Microseconds patience) {
  LeaderReply reply = LeaderReply::NoLeader;
  const auto socket = reach_leader(checkpoint_dir, patience, reply);
  if (!socket) return socket.error();
  if (!*socket) return LeaderAnswer{reply};
  if (!send_packet(socket->get(), control::Request{1, control::AskKill{{}, request}})) {
    return LeaderAnswer{LeaderReply::HungUp};
  }
  auto heard = hear(*socket, patience, reply);
  if (!heard) return heard.error();
  if (!*heard) return LeaderAnswer{reply};
  auto said = hear(*socket, -1, reply);
  if (!said) return said.error();
  const auto* ended = *said ? std::get_if<control::Ended>(&**said) : nullptr;
  const auto state = ended != nullptr ? task_state_from(ended->state) : std::nullopt;
  if (!state) return LeaderAnswer{LeaderReply::Vanished};
  return LeaderAnswer{LeaderReply::Ended, *state};
}

Status order_leader(const std::string& checkpoint_dir, const control::AskOrder& order,
                    Microseconds patience) {
  return ask_once(checkpoint_dir, order, patience);
}

Status tell_leader_of_node(const std::string& checkpoint_dir, const control::AskNode& call,
                           Microseconds patience) {
  return ask_once(checkpoint_dir, call, patience);
}

}  // namespace thermos
