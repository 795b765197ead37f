#include <gtest/gtest.h>

#include "builds.h"
#include "crashes.h"

namespace thermos::sim {
namespace {

TEST(CrashSimulation, TheRunnerIsKilledAtEveryEffect) {
  crash_everywhere(1, seeds(60), {}, 0);
}

TEST(CrashSimulation, ThePowerGoesAtEveryEffect) {
  crash_everywhere(1000, seeds(60), {}, 100);
}

TEST(CrashSimulation, ThePowerGoesAtEveryEffectAndClocksJump) {
  crash_everywhere(2000, seeds(50), {.kills = true, .wall_jumps = true}, 100);
}

TEST(CrashSimulation, CrashesComeAtRandom) {
  Tally tally;
  crash_anywhere(10'000, seeds(4000), {}, tally);
}

TEST(CrashSimulation, CrashesComeAtRandomAndClocksJump) {
  Tally tally;
  crash_anywhere(50'000, seeds(2000), {.kills = true, .wall_jumps = true}, tally);
}

}  // namespace
}  // namespace thermos::sim
