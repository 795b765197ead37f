// Takes samples of the resources that runs use, as long as clients ask for them. While no client
// asks, no timer is armed.
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
#include "reactor/observe/run_reading.h"
#include "reactor/observe/sample_ring.h"
#include "reactor/observe/step_work.h"
#include "reactor/store/history_json.h"

namespace thermos::observe {

class ResourceWatch {
 public:
  // The number of runs whose samples are kept: those that were requested last. So neither the
  // memory (64 times 600 samples are 3 MB) nor the work in a second grows with the task: of a task
  // with 10,000 processes, only the runs that clients look at are sampled.
  static constexpr std::size_t kMostRuns = 64;
  // A run is sampled for so long after the last look(), because the client will probably ask again.
  static constexpr Microseconds kPatience = 5 * kSecond;

  struct Run {
    std::string task;
    std::string process;
    std::uint32_t number = 0;
    bool operator<(const Run& other) const {
      return std::tie(task, process, number) < std::tie(other.task, other.process, other.number);
    }
  };

  // Both references outlive this.
  ResourceWatch(Loop& loop, Deadlines& deadlines);
  ~ResourceWatch();
  ResourceWatch(const ResourceWatch&) = delete;
  ResourceWatch& operator=(const ResourceWatch&) = delete;

  // Samples a run now, and then once in each interval until kPatience after the last look(). Calls
  // `call` when the latest sample is not older than the interval, or when the run is known to be
  // gone.
  void look(const Run& run, const RunPlace& place, std::function<void()> call);
  // Returns the samples of a run that are later than the wall time `after`, oldest first. Returns
  // an empty array if look() was not called for the run.
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
  std::uint64_t order_ = 0;  // counts the calls of look()
  // The runs left to sample in this round. In each round, every run that clients look at is sampled
  // once.
  std::vector<Shared> round_;
  std::optional<RunReading> reading_;
  bool in_round_ = false;
  Microseconds round_began_ = 0;  // boot time
  std::optional<Deadlines::Key> timer_;
  Jobs jobs_;
};

}  // namespace thermos::observe
