// The options that say how `run`, `simplerun` and `resume` give a machine back to its engine.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/record.h"
#include "core/task/task.h"
#include "reactor/cli/options.h"
#include "reactor/host/foreground.h"

namespace thermos {

// In an allocation, the end of a run that is not a success is handled only after this time
// (Lead::hold).
inline constexpr Microseconds kHoldEnds = kSecond;

struct YieldRules {
  Yielding yielding;
  int exit_status = 75;    // the exit status after a task has yielded
  Microseconds until = 0;  // wall time at which the allocation ends; 0: not known
};

struct YieldOptions {
  std::optional<std::string> on_term;
  std::optional<std::string> grace;
  std::optional<std::string> exit_status;
  std::optional<std::string> until;
  bool take_over = false;

  void add_to(OptionParser& parser);
  // Returns whether any of these options was given. The daemon, which never yields, does not take
  // them.
  bool any() const { return on_term || grace || exit_status || until || take_over; }
  // Returns the rules that the options give for a task that is run at `place`. If `until` is not
  // given and the task has a process with a `time`, asks the engine when the allocation ends. Fails
  // with Usage.
  Result<YieldRules> rules(const TaskConfig& task, const Leadership& place, Microseconds now) const;
};

}  // namespace thermos
