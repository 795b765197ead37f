// The packets on a leader's socket: each is one message of the control protocol (SOCK_SEQPACKET).
// capnp/CONTROL.md lists the messages.
#pragma once

#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "capnp/control.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// The limit of a packet in bytes. A longer packet is dropped.
inline constexpr std::size_t kMaxLeaderPacket = 4096;

// The socket's name in the task's checkpoint directory, and the name under which it is bound before
// it listens.
inline constexpr const char* kLeaderSocketName = "leader";
inline constexpr const char* kUnreadyLeaderSocketName = "leader.new";

// Opens the directory for address_in(). Returns an empty descriptor and sets errno on failure.
Descriptor open_directory(const std::string& path);
// Returns the address of `name` in `directory`. The address is a path under /proc/self/fd, because
// sun_path holds 108 bytes and the path of a root may be longer. Valid while `directory` is open.
sockaddr_un address_in(const Descriptor& directory, const char* name);

// Sends one packet. Returns false if it could not be sent. The text of an error reply is cut to
// fit.
bool send_packet(int socket, const control::Request& request);
bool send_packet(int socket, control::Reply reply);

// One received packet.
class Packet {
 public:
  enum class Verdict : std::uint8_t {
    Message,
    TooLong,  // the packet was longer than kMaxLeaderPacket and was dropped
    HungUp,   // the other end closed the connection, or died
    None,     // no packet to read now
  };
  // Receives a packet. Blocks if the socket does.
  Verdict receive(int socket);
  // The packet's bytes. Valid until the next receive().
  Bytes bytes() const { return std::as_bytes(std::span(words_)).first(size_); }

 private:
  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(kMaxLeaderPacket / 8);
  std::size_t size_ = 0;
};

}  // namespace thermos
