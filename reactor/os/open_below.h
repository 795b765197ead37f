// Opens one directory below another, for a walk through a directory tree that others may change at
// the same time.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "reactor/os/descriptor.h"

namespace thermos {

// The mount that a directory lies on. A bind mount of the same file system is a different Mount.
struct Mount {
  std::uint64_t device = 0;
  // 0 before Linux 5.8: there, a bind mount of the same device is not noticed.
  std::uint64_t mount = 0;
  bool operator==(const Mount&) const = default;
};

// The result of open_below(). `error` is an errno; 0 means success, and `below` is open for
// reading.
struct OpenedBelow {
  Descriptor below;
  Mount mount;
  int error = 0;
};

// Opens the directory `name` in the directory `above` and follows no link. Fails with ENOTDIR if
// `name` is a link or anything else but a directory. With `force`, gives the directory's owner back
// the rights to read and change it (chmod), if this program may, because a task's user may have
// removed these rights.
OpenedBelow open_below(int above, const char* name, bool force);

// Returns whether `name` is "." or "..", which readdir(3) returns as well.
bool is_dots(const char* name);

}  // namespace thermos
