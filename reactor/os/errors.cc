#include "reactor/os/errors.h"

#include <cerrno>
#include <cstring>

namespace thermos {

std::string error_text(int error_number) {
  return std::strerror(error_number);
}

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::NotFound;
    case EACCES:
    case EPERM:
      return ErrorCode::NotPermitted;
    default:
      return ErrorCode::System;
  }
}

ErrorCode code_of_named(int error_number) {
  switch (error_number) {
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return ErrorCode::Usage;
    case EROFS:
      return ErrorCode::NotPermitted;
    default:
      return code_of(error_number);
  }
}

Error system_error(const std::string& what, int error_number, std::string_view consequence) {
  return system_error(code_of(error_number), what, error_number, consequence);
}

Error system_error(ErrorCode code, const std::string& what, int error_number,
                   std::string_view consequence) {
  Error error{code, what + ": " + error_text(error_number)};
  if (!consequence.empty()) error.message.append("; ").append(consequence);
  error.cause = error_number;
  return error;
}

Shortage shortage_of(int error_number) {
  switch (error_number) {
    case EMFILE:
    case ENFILE:
    case ETOOMANYREFS:
      return Shortage::Descriptors;
    case EAGAIN:
      return Shortage::Pids;
    case ENOMEM:
    case ENOBUFS:
      return Shortage::Memory;
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EROFS:
      return Shortage::Disk;
    default:
      return Shortage::Other;
  }
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
