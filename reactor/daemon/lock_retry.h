// Trying again to lead a task whose lock is only being asked about: asking takes it for a moment.
#pragma once

#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/host/reactor.h"

namespace thermos {

// Whether a task could not be led because of nobody who leads it. (Or its leader let go in this
// moment.)
bool only_asked_about(const Paths& paths, const std::string& task_id, const Error& why);

// Calls after a wait that doubles with `tries`, from a millisecond to a second. By a timer, as the
// kernel has no event for a flock() that comes free: it only wakes who blocks in it, and on this
// loop that would hold up all other tasks.
void in_a_moment(Reactor& reactor, int tries, std::function<void()> call);

}  // namespace thermos
