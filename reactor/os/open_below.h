// One step down into a directory tree that others may change meanwhile, for those that walk through
// all of it.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "reactor/os/descriptor.h"

namespace thermos {

// The file system on which a directory lies, as it was mounted: a bind mount is another one.
struct Mount {
  std::uint64_t device = 0;
  std::uint64_t mount = 0;  // 0 before Linux 5.8, where a bind mount of the same device is not seen
  bool operator==(const Mount&) const = default;
};

// An errno of 0 is success. `below` is open for reading.
struct OpenedBelow {
  Descriptor below;
  Mount mount;
  int error = 0;
};

// Opens the directory `name` of the directory `above`, and follows no link: ENOTDIR for a link and
// for whatever else is no directory. With `force`, gives the directory's owner back the rights to
// read and change it, if we may: who runs a task may have taken them from themselves.
OpenedBelow open_below(int above, const char* name, bool force);

// Whether it is "." or "..", which readdir(3) gives as well.
bool is_dots(const char* name);

}  // namespace thermos
