#include "reactor/os/errors.h"

#include <cerrno>
#include <cstring>

namespace thermos {

Error system_error(const std::string& what, int error_number) {
  const ErrorCode code = error_number == ENOENT                            ? ErrorCode::NotFound
                         : error_number == EACCES || error_number == EPERM ? ErrorCode::NotPermitted
                                                                           : ErrorCode::System;
  return Error{code, what + ": " + std::strerror(error_number)};
}

bool may_pass(int error_number) {
  switch (error_number) {
    case EAGAIN:
    case EINTR:  // open() on a network file system is not restarted
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

}  // namespace thermos
