// What people may ask of whoever leads a task. One form all the way: the command line fills it in,
// capnp/control.h carries it to a daemon or a leader, and the state machine takes it as an event.
#pragma once

#include <optional>
#include <string>

#include "core/base/times.h"
#include "core/record/record.h"

namespace thermos {

// Stop the task. A deadline that stands is never put off.
struct KillRequest {
  // How long CLEANING and FINALIZING may take. Nothing: the task's own finalization_wait, or no
  // time when it is to be lost. 0: everything dies now.
  std::optional<Microseconds> wait{};
  bool lose = false;  // the result is LOST and no finalizer runs
  // Who asked, for people. Not sent: who takes the request from the asker fills it in.
  std::string reason{};
};

// Start, stop or restart one process.
struct OrderRequest {
  std::string process{};  // its name
  Verb verb = Verb::Start;
  std::optional<Microseconds> wait{};  // from SIGTERM to SIGKILL; nothing: finalization_wait
  std::string reason{};                // as a kill's
};

}  // namespace thermos
