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

// The times of one run that succeeded, or became ready.
struct RunTimes {
  // From the decision to run the process to the start of its command.
  Microseconds launch = 0;
  // From the start of its command to its end; empty if it did not succeed.
  std::optional<Microseconds> lasts;
  // From the start of its command until it was ready.
  std::optional<Microseconds> ready;
  bool operator==(const RunTimes&) const = default;
};

class PastTimes {
 public:
  // How many of the latest runs of a process count.
  static constexpr std::size_t kMostRuns = 200;

  // Adds the runs of a history that succeeded. Earlier histories must be added before later ones.
  // Leaves out runs that an order, a reboot or the end of the task cut short, because they do not
  // show how long a run takes. Of a run that did not succeed but was ready, as a daemon's, only
  // the time until it was ready is known.
  void add(const History& history);

  // Returns the times of a process by its name, oldest first; nullptr if there are none.
  const std::vector<RunTimes>* of(std::string_view process) const;
  bool empty() const { return runs_.empty(); }

 private:
  std::map<std::string, std::vector<RunTimes>, std::less<>> runs_;
};

}  // namespace thermos
