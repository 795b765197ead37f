#include "reactor/os/launch_error.h"

#include <cstring>

#include "reactor/os/errors.h"

namespace thermos {

LaunchError launch_error(const std::string& what, int error_number) {
  return {may_pass(error_number), what + ": " + std::strerror(error_number),
          shortage_of(error_number), error_number};
}

}  // namespace thermos
