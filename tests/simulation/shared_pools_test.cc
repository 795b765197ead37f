// Several tasks share the pools of one daemon: no pool is ever overdrawn, the order of asking is
// kept over all tasks, and everybody who asks gets it, beside rivals that run for ever and over
// restarts of the daemon at any effect.
#include <gtest/gtest.h>

#include <algorithm>

#include "builds.h"
#include "random.h"
#include "shared_world.h"

namespace thermos::sim {
namespace {

TEST(SharedPools, EverybodyHasItsTurn) {
  std::uint64_t waits = 0;
  std::uint64_t retries = 0;
  const std::uint64_t count = seeds(6000);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const SharedOutcome outcome = run_shared(make_shared_script(seed), {});
    ASSERT_FALSE(outcome.broken) << *outcome.broken;
    waits += outcome.waits;
    retries += outcome.retries;
  }
  EXPECT_GT(waits, count);
  EXPECT_GT(retries, count / 10);
}

TEST(SharedPools, TheDaemonIsKilledAtEveryEffect) {
  std::uint32_t crashes = 0;
  for (std::uint64_t seed = 1; seed <= seeds(40); ++seed) {
    const SharedScript script = make_shared_script(seed);
    const std::uint64_t steps = std::min<std::uint64_t>(run_shared(script, {}).steps, 300);
    for (std::uint64_t at = 1; at <= steps; ++at) {
      const SharedOutcome outcome = run_shared(script, {at});
      ASSERT_FALSE(outcome.broken) << "killed at " << at << ", " << *outcome.broken;
      crashes += outcome.crashes;
    }
  }
  EXPECT_GT(crashes, seeds(40) * 10);
}

TEST(SharedPools, TheDaemonIsKilledAgainAndAgain) {
  for (std::uint64_t seed = 1; seed <= seeds(5000); ++seed) {
    const SharedScript script = make_shared_script(seed);
    Random random(seed);
    std::vector<std::uint64_t> crash_at(1 + random.below(6));
    for (std::uint64_t& at : crash_at) at = 1 + random.below(200);
    std::sort(crash_at.begin(), crash_at.end());
    crash_at.erase(std::unique(crash_at.begin(), crash_at.end()), crash_at.end());
    const SharedOutcome outcome = run_shared(script, crash_at);
    ASSERT_FALSE(outcome.broken) << *outcome.broken;
  }
}

}  // namespace
}  // namespace thermos::sim
