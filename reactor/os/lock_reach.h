// Tells from a file system's kind and mount options whether its locks hold on this machine only or
// on all machines.
#pragma once

#include <string>
#include <string_view>

#include "core/runner/fence.h"

namespace thermos {

struct FileSystemReach {
  LockReach reach = LockReach::Unknown;
  std::string kind;  // "ext4", "nfs4", ...; empty: unknown
};

// Returns the reach of the file system that `path` is on. Never fails: returns Unknown if the file
// system can't be identified.
FileSystemReach lock_reach_of(const std::string& path);

// Returns the reach for one line of /proc/self/mountinfo (proc(5)): `kind` is the file system's
// type, and `options` are its super options (the last field).
LockReach lock_reach_of(std::string_view kind, std::string_view options);

}  // namespace thermos
