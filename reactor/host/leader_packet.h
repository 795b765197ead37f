// What goes over a leader's socket: messages of the control protocol, one a packet
// (SOCK_SEQPACKET); capnp/CONTROL.md says which.
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

// A longer packet is not read.
inline constexpr std::size_t kMaxLeaderPacket = 4096;

// The names under which the socket lies in the task's checkpoint directory, and under which it is
// made ready.
inline constexpr const char* kLeaderSocketName = "leader";
inline constexpr const char* kUnreadyLeaderSocketName = "leader.new";

// The directory as a place for addresses; empty, and errno, when it can't be opened.
Descriptor open_directory(const std::string& path);
// sun_path holds 108 bytes and a root may be longer: the directory is named by its descriptor.
sockaddr_un address_in(const Descriptor& directory, const char* name);

// False: it could not be sent. What a failure says is cut to what fits.
bool send_packet(int socket, const control::Request& request);
bool send_packet(int socket, control::Reply reply);

// One packet.
class Packet {
 public:
  enum class Verdict : std::uint8_t {
    Message,
    TooLong,  // and lost
    HungUp,   // the other end closed, or died
    None,     // none for now
  };
  // Waits for it unless the socket does not block.
  Verdict receive(int socket);
  // Valid until the next call.
  Bytes bytes() const { return std::as_bytes(std::span(words_)).first(size_); }

 private:
  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(kMaxLeaderPacket / 8);
  std::size_t size_ = 0;
};

}  // namespace thermos
