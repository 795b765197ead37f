// Who looks at what a run uses, and the samples that are taken for them. While nobody looks, no
// timer is armed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/observe/jobs.h"
#include "reactor/observe/run_reading.h"
#include "reactor/observe/sample_ring.h"
#include "reactor/store/history_json.h"

namespace thermos::observe {

class ResourceWatch {
 public:
  // The samples of so many runs are kept, those that were asked for last. So neither memory (64
  // times 600 samples are 3 MB) nor what a second costs grows with the task: of one of 10,000
  // processes, only those runs are sampled that somebody looks at.
  static constexpr std::size_t kMostRuns = 64;
  // Who has asked once may ask again: samples go on for so long.
  static constexpr Microseconds kPatience = 5 * kSecond;

  struct Run {
    std::string task;
    std::string process;
    std::uint32_t number = 0;
    bool operator<(const Run& other) const {
      return std::tie(task, process, number) < std::tie(other.task, other.process, other.number);
    }
  };

  // Both outlive it.
  ResourceWatch(Loop& loop, Deadlines& deadlines);
  ~ResourceWatch();
  ResourceWatch(const ResourceWatch&) = delete;
  ResourceWatch& operator=(const ResourceWatch&) = delete;

  // Samples a run for who asks, and goes on with it for who asks again. Calls back when the latest
  // sample is not older than the interval, or the run turns out to be gone.
  void look(const Run& run, const RunPlace& place, std::function<void()> call);
  // The samples that there are of a run, oldest first, of those behind the wall time `after`; none
  // if nobody has looked at it.
  Json samples(const Run& run, Microseconds after);

 private:
  struct Watched;
  using Shared = std::shared_ptr<Watched>;

  Shared known(const Run& run, const RunPlace& place);
  void take(Watched& watched, const RunReading& reading);
  void arm();
  void begin_round();
  bool go_on_with_round();

  Loop& loop_;
  Deadlines& deadlines_;
  std::map<Run, Shared> all_;
  std::uint64_t order_ = 0;  // of the calls of look()
  // In each round, every run that is looked at is read once.
  std::vector<Shared> round_;  // those that are left, while one is under way
  std::optional<RunReading> reading_;
  bool in_round_ = false;
  Microseconds round_began_ = 0;  // by the boot clock
  std::optional<Deadlines::Key> timer_;
  Jobs jobs_;
};

}  // namespace thermos::observe
