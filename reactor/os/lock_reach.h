// How far the locks of a file system reach, by its kind and how it is mounted.
#pragma once

#include <string>
#include <string_view>

#include "core/runner/fence.h"

namespace thermos {

struct FileSystemReach {
  LockReach reach = LockReach::Unknown;
  std::string kind;  // "ext4", "nfs4", ...; empty: it is not known
};

// Of the file system that `path` is on. Never fails: what can't be found out is Unknown.
FileSystemReach lock_reach_of(const std::string& path);

// Of a line of /proc/self/mountinfo (proc(5)): its kind, and the options of the mount and of the
// file system.
LockReach lock_reach_of(std::string_view kind, std::string_view options);

}  // namespace thermos
