#include "reactor/launch_trouble.h"

#include <cerrno>
#include <cstring>

namespace thermos {

bool may_pass(int error_number) {
  switch (error_number) {
    case EAGAIN:
    case EINTR:  // of an open() on a network's file system, which restarts nothing
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EROFS:
    case ENOBUFS:
    case ENOLCK:
    case ESTALE:
    case ETOOMANYREFS:
      return true;
    default:
      return false;
  }
}

LaunchTrouble trouble_of(const std::string& what, int error_number) {
  return {may_pass(error_number), what + ": " + std::strerror(error_number)};
}

}  // namespace thermos
