#include "core/explain/past_times.h"

#include <algorithm>

namespace thermos {
namespace {

// Uses the boot clock, which nobody sets.
Microseconds boot_time_between(const Timestamp& from, const Timestamp& to) {
  return std::max<Microseconds>(0, to.boot - from.boot);
}

}  // namespace

void PastTimes::add(const History& history) {
  for (const ProcessHistory& process : history.processes()) {
    for (const Run& run : process.runs) {
      // The task that ran it has its times.
      if (!run.taken_over_from().empty()) continue;
      const bool ended = run.state == ProcessState::Success && run.stopped;
      if (!run.started || (!ended && !run.ready)) continue;
      RunTimes times;
      times.launch = boot_time_between(run.waiting, *run.started);
      if (ended) times.lasts = boot_time_between(*run.started, *run.stopped);
      if (run.ready) times.ready = boot_time_between(*run.started, *run.ready);
      std::vector<RunTimes>& known = runs_[process.name];
      known.push_back(times);
      if (known.size() > kMostRuns) known.erase(known.begin());
    }
  }
}

const std::vector<RunTimes>* PastTimes::of(std::string_view process) const {
  const auto found = runs_.find(process);
  return found == runs_.end() ? nullptr : &found->second;
}

}  // namespace thermos
