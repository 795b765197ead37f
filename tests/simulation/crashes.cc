#include "crashes.h"

#include <gtest/gtest.h>

#include <string>

#include "random.h"

namespace thermos::sim {
namespace {

void record(const Tally& tally) {
  ::testing::Test::RecordProperty("worlds", std::to_string(tally.worlds));
  ::testing::Test::RecordProperty("crashes", std::to_string(tally.crashes));
  ::testing::Test::RecordProperty("power_cuts", std::to_string(tally.power_cuts));
}

}  // namespace

void Tally::add(const Outcome& outcome) {
  ++worlds;
  crashes += outcome.crashes;
  power_cuts += outcome.power_cuts;
  stops += outcome.stops;
  looks += outcome.looks;
}

void live(std::uint64_t from, std::uint64_t count, const Shape& shape, Tally& tally) {
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    const Outcome outcome = run(make_script(seed, shape), {});
    ASSERT_FALSE(outcome.broken) << *outcome.broken;
    tally.add(outcome);
  }
  record(tally);
}

void crash_everywhere(std::uint64_t from, std::uint64_t count, const Shape& shape,
                      std::uint32_t power_cuts) {
  Tally tally;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    const Script script = make_script(seed, shape);
    const Outcome whole = run(script, {});
    ASSERT_FALSE(whole.broken) << *whole.broken;
    // The time that a seed takes grows with the square of its effects, and one in fifteen has a
    // thousand: that is killed at every third.
    const std::uint64_t stride = 1 + whole.steps / 600;
    for (std::uint64_t k = 1; k <= whole.steps; k += stride) {
      Faults faults;
      faults.crash_at = {k};
      faults.power_cuts = power_cuts;
      faults.seed = 0;  // up to k the same world as the whole one
      const Outcome outcome = run(script, faults);
      ASSERT_FALSE(outcome.broken) << *outcome.broken;
      ASSERT_EQ(outcome.crashes, 1u) << "seed " << seed << " has no effect " << k;
      tally.add(outcome);
    }
  }
  record(tally);
}

void crash_anywhere(std::uint64_t from, std::uint64_t count, const Shape& shape, Tally& tally) {
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    Random random(seed);
    Faults faults;
    faults.seed = seed;
    faults.power_cuts = random.pick({0U, 0U, 30U, 100U});
    std::uint64_t at = 0;
    for (std::uint32_t i = 1 + random.below(8); i > 0; --i) {
      at += 1 + random.below(random.pick({3U, 30U, 300U}));
      faults.crash_at.push_back(at);
    }
    const Outcome outcome = run(make_script(seed, shape), faults);
    ASSERT_FALSE(outcome.broken) << *outcome.broken;
    tally.add(outcome);
  }
  EXPECT_GT(tally.crashes, count);
  EXPECT_GT(tally.power_cuts, count / 4);
  record(tally);
}

}  // namespace thermos::sim
