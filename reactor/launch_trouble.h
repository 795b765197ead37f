// Why a launch can't be.
#pragma once

#include <string>

namespace thermos {

// `retry` when the machine is short of something and may have it later.
struct LaunchTrouble {
  bool retry = false;
  std::string reason;
};

// Whether an errno tells of a shortage or a fault of the machine that may pass: descriptors,
// memory, buffers, locks, room on a disk, an interrupted call.
bool may_pass(int error_number);

// For an errno of a call that a launch needs.
LaunchTrouble trouble_of(const std::string& what, int error_number);

}  // namespace thermos
