// How long runs took, as histories tell.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/times.h"
#include "core/record/history.h"

namespace thermos {

// One run that succeeded.
struct RunTimes {
  Microseconds launch = 0;            // from the decision to its command
  Microseconds lasts = 0;             // from there to its end
  std::optional<Microseconds> ready;  // from there until it was ready
  bool operator==(const RunTimes&) const = default;
};

class PastTimes {
 public:
  // So many of the latest runs of a process count.
  static constexpr std::size_t kMostRuns = 200;

  // Adds the runs of a history that succeeded, those of later histories behind those of earlier
  // ones. Runs that an order, a reboot or the end of the task cut short say nothing of how long
  // they take, and are left out; of daemons, which do not succeed, the time until they were ready
  // is kept.
  void add(const History& history);

  // Those of a process by its name, oldest first; nullptr if there is none.
  const std::vector<RunTimes>* of(std::string_view process) const;
  bool empty() const { return runs_.empty(); }

 private:
  std::map<std::string, std::vector<RunTimes>, std::less<>> runs_;
};

}  // namespace thermos
