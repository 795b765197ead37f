// Why a launch failed.
#pragma once

#include <string>

#include "core/record/record.h"

namespace thermos {

// `retry`: the cause is a shortage that may be temporary.
struct LaunchError {
  bool retry = false;
  std::string reason;
  Shortage shortage = Shortage::Other;  // the resource that is short, if `retry`
  int cause = 0;                        // the errno; 0: unknown
};

// Makes a LaunchError of an errno; may_pass() decides `retry`.
LaunchError launch_error(const std::string& what, int error_number);

}  // namespace thermos
