// Worlds in which the machine is no friend: locks that come free late, descriptors that run out, a
// fork server that dies, coordinators that don't listen, disks that fail.
#include <gtest/gtest.h>

#include "builds.h"
#include "crashes.h"

namespace thermos::sim {
namespace {

const Shape kHarsh{.kills = true, .wall_jumps = true, .orders = true, .harsh = true};
// Small enough to crash at every effect of either machine.
const Shape kSmall{
    .kills = true, .wall_jumps = true, .orders = true, .harsh = true, .most_processes = 4};

TEST(HarshSimulation, NobodyIsKilled) {
  Tally tally;
  const std::uint64_t count = seeds(4000);
  live(1, count, kHarsh, tally);
  EXPECT_GT(tally.stops, count / 20);
  EXPECT_GT(tally.looks, count / 20);
}

TEST(HarshSimulation, CrashesComeAtRandom) {
  Tally tally;
  const std::uint64_t count = seeds(8000);
  crash_anywhere(100'000, count, kHarsh, tally);
  EXPECT_GT(tally.stops, count / 20);
}

TEST(HarshSimulation, TheRunnerIsKilledAtEveryEffect) {
  crash_everywhere(200'000, seeds(60), kSmall, 0);
}

TEST(HarshSimulation, ThePowerGoesAtEveryEffect) {
  crash_everywhere(300'000, seeds(60), kSmall, 100);
}

}  // namespace
}  // namespace thermos::sim
