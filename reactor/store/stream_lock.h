// The lock of a stream (flock(2)). The program that holds it leads the task, or is the coordinator
// of a run. The lock, never a pid, decides whether that program lives.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos {

struct LockedStream {
  Descriptor fd;
  std::size_t size = 0;  // in bytes, when it was locked
};

// Opens the file at `path` for appending, creates it (0600) if it doesn't exist, and takes its lock
// without waiting. Fails with Busy if someone holds the lock or asks about it at this moment
// (stream_is_locked()), or if the file was replaced too often meanwhile; NotFound if the directory
// doesn't exist, NotPermitted, or System. On success `path` names the locked file.
Result<LockedStream> lock_stream(const std::string& path);

// Locks a stream as lock_stream() does, for a program that has nothing else to do: blocks for up to
// a second while others only ask about the lock, or its holder has gone.
Result<LockedStream> lock_stream_patiently(const std::string& path);

// Returns whether someone holds the lock of the stream at `path`; false if there is no such file.
// The query takes a shared lock for a moment, so a lock_stream() at that moment fails with Busy,
// and its caller must query in turn.
Result<bool> stream_is_locked(const std::string& path);

}  // namespace thermos
