// What one transition costs while many others are awaited.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <string>

#include "million.h"
#include "runner_fixture.h"

namespace thermos {
namespace {

constexpr ProcessIndex kFew = kMillion / 250;
constexpr ProcessIndex kMany = 8 * kFew;
constexpr ProcessIndex kEnds = 200;
constexpr ProcessIndex kInABatch = 20;

std::int64_t nanoseconds_used() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * std::int64_t{1'000'000'000} + used.tv_nsec;
}

class OutstandingOrders : public RunnerFixture {
 protected:
  // `count` processes, independent of each other, which all run and were all told to end.
  explicit OutstandingOrders(ProcessIndex count) {
    for (ProcessIndex p = 0; p < count; ++p) add("p" + std::to_string(p));
    start();
    for (ProcessIndex p = 0; p < count; ++p) {
      tell_state(p, 1, State::Forked);
      tell_state(p, 2, State::Running);
    }
    for (ProcessIndex p = 0; p < count; ++p) {
      tell(OrderRequest{task_.processes[p].name, Verb::Stop, {}, "enough"});
      EXPECT_EQ(all<Terminate>().size(), 1U);
    }
  }
  void TestBody() override {}

 public:
  // Ends some of them, far from each other. Returns what one end costs, from the batch that cost
  // least: the others met something else that the machine did.
  std::int64_t cost_of_an_end() {
    const auto apart = static_cast<ProcessIndex>(task_.processes.size()) / kEnds;
    std::int64_t least = INT64_MAX;
    for (ProcessIndex first = 0; first < kEnds; first += kInABatch) {
      const std::int64_t before = nanoseconds_used();
      for (ProcessIndex i = first; i < first + kInABatch; ++i) {
        tell_state(i * apart, 3, State::Killed);
        tell(TimerDue{});
      }
      least = std::min(least, nanoseconds_used() - before);
      EXPECT_EQ(run(first * apart).state, State::Killed);
    }
    return least / kInABatch;
  }

 private:
  // As wrote(), which looks for the name among all.
  void tell_state(ProcessIndex p, std::uint64_t seq, State state) {
    ProcessStatus status;
    status.process = task_.processes[p].name;
    status.seq = seq;
    status.state = state;
    status.at = now_;
    if (state == State::Forked) {
      status.identity = kCoordinator;
      status.boot = kBoot;
    }
    tell(CoordinatorRecord{p, status});
  }
};

struct Few : OutstandingOrders {
  Few() : OutstandingOrders(kFew) {}
};
struct Many : OutstandingOrders {
  Many() : OutstandingOrders(kMany) {}
};

// With a look at each that is awaited, it would be eight times as much.
TEST(OutstandingOrdersTest, AnEndCostsTheSameHoweverManyAreAwaited) {
  const std::int64_t few = Few().cost_of_an_end();
  const std::int64_t many = Many().cost_of_an_end();
  EXPECT_LT(many, 4 * few) << few << " ns of " << kFew << ", " << many << " ns of " << kMany;
}

}  // namespace
}  // namespace thermos
