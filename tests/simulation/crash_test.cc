#include <gtest/gtest.h>

#include <algorithm>

#include "builds.h"
#include "random.h"
#include "world.h"

namespace thermos::sim {
namespace {

struct Sum {
  std::uint64_t worlds = 0;
  std::uint64_t crashes = 0;
  std::uint64_t power_cuts = 0;
};

void add(Sum& sum, const Outcome& outcome) {
  ++sum.worlds;
  sum.crashes += outcome.crashes;
  sum.power_cuts += outcome.power_cuts;
}

void say(const Sum& sum) {
  ::testing::Test::RecordProperty("worlds", std::to_string(sum.worlds));
  ::testing::Test::RecordProperty("crashes", std::to_string(sum.crashes));
  ::testing::Test::RecordProperty("power_cuts", std::to_string(sum.power_cuts));
}

// Crashes at every effect of a world in turn.
void everywhere(std::uint64_t from, std::uint64_t count, const Shape& shape,
                std::uint32_t power_cuts) {
  Sum sum;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    const Script script = make_script(seed, shape);
    const Outcome whole = run(script, {});
    ASSERT_FALSE(whole.broken) << *whole.broken;
    for (std::uint64_t k = 1; k <= whole.steps; ++k) {
      Faults faults;
      faults.crash_at = {k};
      faults.power_cuts = power_cuts;
      faults.seed = 0;  // up to k the same world as the whole one
      const Outcome outcome = run(script, faults);
      ASSERT_FALSE(outcome.broken) << *outcome.broken;
      ASSERT_EQ(outcome.crashes, 1u) << "seed " << seed << " has no effect " << k;
      add(sum, outcome);
    }
  }
  say(sum);
}

// Crashes again and again, at random, the restarts included.
void anywhere(std::uint64_t from, std::uint64_t count, const Shape& shape) {
  Sum sum;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    Random random(seed);
    Faults faults;
    faults.seed = seed;
    faults.power_cuts = random.pick({0U, 50U, 100U});
    std::uint64_t at = 0;
    for (std::uint32_t i = 1 + random.below(8); i > 0; --i) {
      at += 1 + random.below(random.pick({3U, 30U, 100U}));
      faults.crash_at.push_back(at);
    }
    const Outcome outcome = run(make_script(seed, shape), faults);
    ASSERT_FALSE(outcome.broken) << *outcome.broken;
    add(sum, outcome);
  }
  EXPECT_GT(sum.crashes, count);
  EXPECT_GT(sum.power_cuts, count / 4);
  say(sum);
}

TEST(CrashSimulation, TheRunnerIsKilledAtEveryEffect) {
  everywhere(1, seeds(100), {}, 0);
}

TEST(CrashSimulation, ThePowerGoesAtEveryEffect) {
  everywhere(1000, seeds(100), {}, 100);
}

TEST(CrashSimulation, ThePowerGoesAtEveryEffectAndClocksJump) {
  everywhere(2000, seeds(50), {.kills = true, .wall_jumps = true}, 100);
}

TEST(CrashSimulation, CrashesComeAtRandom) {
  anywhere(10'000, seeds(4000), {});
}

TEST(CrashSimulation, CrashesComeAtRandomAndClocksJump) {
  anywhere(50'000, seeds(2000), {.kills = true, .wall_jumps = true});
}

}  // namespace
}  // namespace thermos::sim
