#include <gtest/gtest.h>

#include <map>

#include "builds.h"
#include "world.h"

namespace thermos::sim {
namespace {

void live(std::uint64_t from, std::uint64_t count, const Shape& shape) {
  std::map<TaskState, std::uint32_t> results;
  std::uint32_t repeats = 0;
  std::uint32_t revived = 0;
  std::uint32_t killed_off = 0;
  std::uint32_t yields = 0;
  std::uint32_t replaced = 0;
  std::uint64_t explained = 0;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    const Outcome outcome = run(make_script(seed, shape), {});
    ASSERT_FALSE(outcome.broken) << *outcome.broken;
    ++results[outcome.state];
    repeats += outcome.repeats;
    revived += outcome.revived;
    killed_off += outcome.killed_off;
    yields += outcome.yields;
    replaced += outcome.replaced;
    explained += outcome.explained;
  }
  // A world in which these never come shows nothing.
  EXPECT_GT(results[TaskState::Success], count / 20);
  EXPECT_GT(results[TaskState::Failed], count / 20);
  if (shape.kills) {
    EXPECT_GT(results[TaskState::Killed], count / 50);
    EXPECT_GT(results[TaskState::Lost], count / 100);
  }
  EXPECT_GT(repeats, count / 10);
  if (!shape.wall_jumps) {
    EXPECT_GT(explained, count);
  }
  // Rare: what a slow build has time for may hold none.
  if (kSlower == 1) {
    EXPECT_GT(revived, count / 100);
    EXPECT_GT(killed_off, count / 100);
    EXPECT_GT(yields, count / 100);
    EXPECT_GT(replaced, count / 100);
  }
}

TEST(Simulation, TasksRunByTheirRules) {
  live(1, seeds(2000), {.kills = false});
}

TEST(Simulation, TasksAreKilledAtAnyMoment) {
  live(100'000, seeds(3000), {.kills = true});
}

TEST(Simulation, TheWallClockJumps) {
  live(200'000, seeds(1000), {.kills = true, .wall_jumps = true});
}

TEST(Simulation, BiggerTasks) {
  live(300'000, seeds(300), {.kills = true, .most_processes = 40});
}

}  // namespace
}  // namespace thermos::sim
