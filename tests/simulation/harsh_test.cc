// Worlds in which the machine is no friend: locks that come free late, descriptors that run out, a
// fork server that dies, coordinators that don't listen, disks that fail.
#include <gtest/gtest.h>

#include "builds.h"
#include "random.h"
#include "world.h"

namespace thermos::sim {
namespace {

struct Sum {
  std::uint64_t crashes = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t stops = 0;
  std::uint64_t looks = 0;
};

void add(Sum& sum, const Outcome& outcome) {
  sum.crashes += outcome.crashes;
  sum.power_cuts += outcome.power_cuts;
  sum.stops += outcome.stops;
  sum.looks += outcome.looks;
}

const Shape kHarsh{.kills = true, .wall_jumps = true, .orders = true, .harsh = true};

TEST(HarshSimulation, NobodyIsKilled) {
  Sum sum;
  const std::uint64_t count = seeds(6000);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const Outcome outcome = run(make_script(seed, kHarsh), {});
    ASSERT_FALSE(outcome.broken) << *outcome.broken;
    add(sum, outcome);
  }
  EXPECT_GT(sum.stops, count / 20);
  EXPECT_GT(sum.looks, count / 20);
}

TEST(HarshSimulation, CrashesComeAtRandom) {
  Sum sum;
  const std::uint64_t count = seeds(8000);
  for (std::uint64_t seed = 100'000; seed < 100'000 + count; ++seed) {
    Random random(seed);
    Faults faults;
    faults.seed = seed;
    faults.power_cuts = random.pick({0U, 0U, 30U, 100U});
    std::uint64_t at = 0;
    for (std::uint32_t i = 1 + random.below(8); i > 0; --i) {
      at += 1 + random.below(random.pick({3U, 30U, 300U}));
      faults.crash_at.push_back(at);
    }
    const Outcome outcome = run(make_script(seed, kHarsh), faults);
    ASSERT_FALSE(outcome.broken) << *outcome.broken;
    add(sum, outcome);
  }
  EXPECT_GT(sum.crashes, count);
  EXPECT_GT(sum.power_cuts, count / 4);
  EXPECT_GT(sum.stops, count / 20);
}

// At every effect of either machine.
void everywhere(std::uint64_t from, std::uint64_t count, std::uint32_t power_cuts) {
  Shape shape = kHarsh;
  shape.most_processes = 4;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    const Script script = make_script(seed, shape);
    const Outcome whole = run(script, {});
    ASSERT_FALSE(whole.broken) << *whole.broken;
    for (std::uint64_t k = 1; k <= whole.steps; ++k) {
      Faults faults;
      faults.crash_at = {k};
      faults.power_cuts = power_cuts;
      const Outcome outcome = run(script, faults);
      ASSERT_FALSE(outcome.broken) << *outcome.broken;
      ASSERT_EQ(outcome.crashes, 1u) << "seed " << seed << " has no effect " << k;
    }
  }
}

TEST(HarshSimulation, TheRunnerIsKilledAtEveryEffect) {
  everywhere(200'000, seeds(60), 0);
}

TEST(HarshSimulation, ThePowerGoesAtEveryEffect) {
  everywhere(300'000, seeds(60), 100);
}

}  // namespace
}  // namespace thermos::sim
