// The requests that users make of a task's leader. The same structs go all the way: the command
// line fills them in, capnp/control.h carries them to a daemon or a leader, and the state machine
// takes them as events.
#pragma once

#include <optional>
#include <string>

#include "core/base/times.h"
#include "core/record/record.h"

namespace thermos {

// Kill the task. A deadline from an earlier request is never put off.
struct KillRequest {
  // How long CLEANING and FINALIZING may take, in microseconds. Nothing: the task's own
  // finalization_wait, or no time if `lose` is set. 0: everything is killed now.
  std::optional<Microseconds> wait{};
  bool lose = false;  // the task ends LOST, and no finalizer runs
  // Who asked, for people. It is not sent: whoever receives the request fills it in.
  std::string reason{};
};

inline constexpr Microseconds kUsualGrace = 25 * kSecond;

// Give the machine back: nothing starts any more, all that runs is ended, and then the runner
// stands down. The task is not over, and its next leader goes on. A second request can only shorten
// the time.
struct YieldRequest {
  Microseconds grace = kUsualGrace;  // until what still runs gets SIGKILL
  std::string reason{};              // for people
};

// Start, stop or restart one process. A request for several (capnp/control.h) becomes one of these
// for each.
struct OrderRequest {
  std::string process{};  // its name
  Verb verb = Verb::Start;
  // From SIGTERM to SIGKILL; nothing: the process's stop_wait, or else finalization_wait.
  std::optional<Microseconds> wait{};
  std::string reason{};  // as KillRequest::reason
};

}  // namespace thermos
