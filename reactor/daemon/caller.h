// Who asks the daemon for something.
#pragma once

#include <cstdint>
#include <string>

namespace thermos {

// From the socket's credentials, never from the message.
struct Caller {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;
  bool is_root() const { return uid == 0; }
};

// For the reason of what they asked for.
std::string asked_by(const Caller& caller);

}  // namespace thermos
