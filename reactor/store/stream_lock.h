// The lock of a stream: who holds it leads a task, or is the coordinator of a run. Whether somebody
// lives is a question for it.
#pragma once

#include <string>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Opens the file at `path` for appending, makes it (0600) if it isn't there, and takes its lock,
// without waiting. Busy: somebody holds it, or asks about it at this moment. With the lock, the
// name means the file that is locked.
Result<Descriptor> lock_stream(const std::string& path);

// Whether someone holds the lock of the stream at `path`. False when there is no such file. Asking
// takes the lock shared for a moment, so a lock_stream() at that moment is refused, and asks in its
// turn.
Result<bool> stream_is_locked(const std::string& path);

}  // namespace thermos
