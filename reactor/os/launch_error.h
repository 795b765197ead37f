// Why a launch can't be.
#pragma once

#include <string>

namespace thermos {

// `retry` when the machine is short of something and may have it later.
struct LaunchError {
  bool retry = false;
  std::string reason;
};

// For an errno of a call that a launch needs.
LaunchError launch_error(const std::string& what, int error_number);

}  // namespace thermos
