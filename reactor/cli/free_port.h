// Finds free TCP ports, for `-P NAME` without a number.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Returns TCP ports that can be bound on all IPv4 addresses at the time of the call. Each port
// stays bound until this object is destroyed, so that the kernel returns none twice. After that,
// another process may take the port before the intended one does.
class FreePorts {
 public:
  // take() returns none of `taken`.
  explicit FreePorts(std::set<std::uint16_t> taken) : taken_(std::move(taken)) {}
  // Fails with System if no port is free.
  Result<std::uint16_t> take();

 private:
  std::set<std::uint16_t> taken_;
  std::vector<Descriptor> held_;
};

}  // namespace thermos
