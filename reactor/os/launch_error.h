// Why a launch failed.
#pragma once

#include <string>

namespace thermos {

// `retry`: the cause is a shortage that may be temporary.
struct LaunchError {
  bool retry = false;
  std::string reason;
};

// Makes a LaunchError of an errno; may_pass() decides `retry`.
LaunchError launch_error(const std::string& what, int error_number);

}  // namespace thermos
