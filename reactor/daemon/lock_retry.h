// Retries to lead a task whose lock is held only by a process that tests it: the test
// (stream_is_locked()) takes the lock for a moment.
#pragma once

#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/host/reactor.h"

namespace thermos {

// Whether leading the task failed with Busy although its lock is free now: another process only
// tested the lock, or the leader has just released it.
bool only_asked_about(const Paths& paths, const std::string& task_id, const Error& why);

// Whether leading the task failed with Busy although no process can be found that holds its lock.
// If a leader was killed while it waited for the disk, the kernel releases the lock some
// milliseconds after the process is gone. Or the leader is in another pid namespace.
bool is_left_behind(const Paths& paths, const std::string& task_id, const Error& why);

// Calls `call` after a delay that doubles with `tries`, from a millisecond to a second. It uses a
// timer because the kernel has no event for a flock() that becomes free: it wakes only a caller
// that blocks in flock(), and on this loop that would hold up all other tasks.
void in_a_moment(Reactor& reactor, int tries, std::function<void()> call);

}  // namespace thermos
