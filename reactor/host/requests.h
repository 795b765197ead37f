// What may be asked of who leads a task.
#pragma once

#include <optional>
#include <string>

#include "core/base/times.h"
#include "core/record/record.h"

namespace thermos {

// How a task is to be stopped.
struct KillRequest {
  std::optional<Microseconds> wait;  // nothing: the task's own finalization_wait (0 for lose)
  bool lose = false;
};

// What is wanted of one process.
struct OrderRequest {
  std::string process;
  Verb verb = Verb::Start;
  std::optional<Microseconds> wait;  // from SIGTERM to SIGKILL; nothing: finalization_wait
};

}  // namespace thermos
