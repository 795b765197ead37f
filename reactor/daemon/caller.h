// The user who sent a request to the daemon.
#pragma once

#include <cstdint>
#include <string>

namespace thermos {

// Taken from the socket's credentials (SO_PEERCRED), never from the message.
struct Caller {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;
  bool is_root() const { return uid == 0; }
};

// Returns the text that is recorded as the reason of a request by `caller`.
std::string asked_by(const Caller& caller);

}  // namespace thermos
