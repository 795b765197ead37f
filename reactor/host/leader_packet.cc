#include "reactor/host/leader_packet.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <variant>

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace thermos {
namespace {

constexpr std::size_t kLongestText = 1000;

bool send_bytes(int socket, const Result<std::vector<std::byte>>& message) {
  if (!message) return false;
  const ssize_t sent = send(socket, message->data(), message->size(), MSG_NOSIGNAL);
  return sent == static_cast<ssize_t>(message->size());
}

}  // namespace

Descriptor open_directory(const std::string& path) {
  return Descriptor(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

sockaddr_un address_in(const Descriptor& directory, const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(directory.get()) + "/" + name;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

bool send_packet(int socket, const control::Request& request) {
  return send_bytes(socket, control::encode(request));
}

bool send_packet(int socket, control::Reply reply) {
  if (auto* failure = std::get_if<Error>(&reply.body)) {
    failure->message = printable(failure->message);
    failure->message.resize(utf8_boundary(failure->message, kLongestText));
  }
  return send_bytes(socket, control::encode(reply));
}

Packet::Verdict Packet::receive(int socket) {
  ssize_t got = 0;
  do {
    got = recv(socket, words_.data(), kMaxLeaderPacket, MSG_TRUNC);
  } while (got < 0 && errno == EINTR);
  size_ = 0;
  if (got < 0 && errno == EAGAIN) return Verdict::None;
  if (got <= 0) return Verdict::HungUp;
  if (static_cast<std::size_t>(got) > kMaxLeaderPacket) return Verdict::TooLong;
  size_ = static_cast<std::size_t>(got);
  return Verdict::Message;
}

}  // namespace thermos
