#include <gtest/gtest.h>

#include "builds.h"
#include "crashes.h"

namespace thermos::sim {
namespace {

// To crash at each effect takes minutes: each part takes a third of the seeds.
class CrashSimulation : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  static void crash_everywhere(std::uint64_t from, const Shape& shape, std::uint32_t power_cuts) {
    const std::uint64_t count = seeds(7);
    sim::crash_everywhere(from + GetParam() * count, count, shape, power_cuts);
  }
};
INSTANTIATE_TEST_SUITE_P(Part, CrashSimulation, ::testing::Values(0, 1, 2));

TEST_P(CrashSimulation, TheRunnerIsKilledAtEveryEffect) {
  crash_everywhere(1, {}, 0);
}

TEST_P(CrashSimulation, ThePowerGoesAtEveryEffect) {
  crash_everywhere(1000, {}, 100);
}

TEST_P(CrashSimulation, ThePowerGoesAtEveryEffectAndClocksJump) {
  crash_everywhere(2000, {.kills = true, .wall_jumps = true}, 100);
}

TEST(RandomCrashSimulation, CrashesComeAtRandom) {
  Tally tally;
  crash_anywhere(10'000, seeds(4000), {}, tally);
}

TEST(RandomCrashSimulation, CrashesComeAtRandomAndClocksJump) {
  Tally tally;
  crash_anywhere(50'000, seeds(2000), {.kills = true, .wall_jumps = true}, tally);
}

}  // namespace
}  // namespace thermos::sim
