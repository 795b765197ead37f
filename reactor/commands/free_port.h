// Ports that nobody listens on, for `-P NAME` without a number.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Hands out TCP ports that could be listened on, on every IPv4 address, when they were asked for.
// Each is held until this is destroyed, so that the kernel gives none twice; then it is free for
// the process that it is meant for, or for whoever comes first.
class FreePorts {
 public:
  // Never one of `taken`.
  explicit FreePorts(std::set<std::uint16_t> taken) : taken_(std::move(taken)) {}
  // System when the machine has none.
  Result<std::uint16_t> take();

 private:
  std::set<std::uint16_t> taken_;
  std::vector<Descriptor> held_;
};

}  // namespace thermos
