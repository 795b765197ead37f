// "thermos metrics": what the records of all tasks of a root say, as metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/histogram.h"
#include "core/base/times.h"
#include "core/explain/metrics_text.h"
#include "core/record/history.h"
#include "core/record/record.h"

namespace thermos {

class TaskMetrics {
 public:
  // How many names of tasks become labels: the names of those that ended last.
  static constexpr std::size_t kMostNames = 1000;

  TaskMetrics();

  // Adds a task. `name` is the name in its configuration; empty if it is not known, or of no
  // interest because the task has not ended. `not_started`: how many processes of an active task
  // have no run yet.
  void add(std::string_view name, const History& history, std::size_t not_started = 0);
  // Adds a task whose records can't be read.
  void add_unreadable() { ++unreadable_; }

  void write(MetricsText& out) const;
  // Returns how many names write() leaves out.
  std::size_t left_out() const;

 private:
  struct Named {
    Microseconds ended = 0;                 // wall time of the latest end
    Microseconds took = 0;                  // how long that task took, from its launch
    UsageTotals used;                       // by the runs of that task
    std::optional<Microseconds> succeeded;  // wall time of the latest success
  };

  void add_runs(const ProcessHistory& process);
  void write_runs(MetricsText& out) const;
  void write_usage(MetricsText& out) const;
  void write_named(MetricsText& out) const;

  std::array<std::uint64_t, kTaskStates> tasks_{};
  std::uint64_t unreadable_ = 0;
  std::array<std::uint64_t, kProcessStates> processes_{};  // of active tasks
  std::array<std::array<std::uint64_t, kOrigins>, kProcessStates> runs_{};
  std::array<std::uint64_t, kProcessStates> dropped_{};
  UsageTotals used_;
  std::uint64_t out_of_memory_ = 0;
  Histogram lasted_;
  Histogram launched_;
  std::map<std::string, Named, std::less<>> named_;
};

}  // namespace thermos
