// How `run`, `simplerun` and `resume` give the machine back that an engine takes away.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/record.h"
#include "core/task/task.h"
#include "reactor/cli/options.h"
#include "reactor/host/foreground.h"

namespace thermos {

// In an allocation, the end of a run that is no success waits so long to be taken (Lead::hold).
inline constexpr Microseconds kHoldEnds = kSecond;

struct YieldRules {
  Yielding yielding;
  int exit_status = 75;    // of a task that yielded
  Microseconds until = 0;  // wall time at which the allocation ends; 0: not known
};

struct YieldOptions {
  std::optional<std::string> on_term;
  std::optional<std::string> grace;
  std::optional<std::string> exit_status;
  std::optional<std::string> until;
  bool take_over = false;

  void add_to(OptionParser& parser);
  // Whether one was given that the daemon, which never yields, has no use for.
  bool any() const { return on_term || grace || exit_status || until || take_over; }
  // What they come to for a task that is run at `place`. Asks the engine when the allocation ends,
  // if the task has a process with a `time` and `until` does not say it. Fails with Usage.
  Result<YieldRules> rules(const TaskConfig& task, const Leadership& place, Microseconds now) const;
};

}  // namespace thermos
