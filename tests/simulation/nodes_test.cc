// A task over many nodes, in virtual time: no run starts twice, none beside another of its process
// that nobody called gone, and none that has succeeded, also where two lead the task. Who needs a
// file has what the run of its maker wrote that is on record.
#include <gtest/gtest.h>

#include "builds.h"
#include "node_world.h"

namespace thermos::sim {
namespace {

NodeOutcome live_on_nodes(std::uint64_t from, std::uint64_t count, const NodeFaults& faults) {
  NodeOutcome sum;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    const NodeOutcome outcome = run_nodes(seed, faults);
    if (outcome.broken) {
      ADD_FAILURE() << *outcome.broken;
      return sum;
    }
    sum.leaders += outcome.leaders;
    sum.superseded += outcome.superseded;
    sum.runs += outcome.runs;
    sum.repeats += outcome.repeats;
    sum.gone += outcome.gone;
    sum.files += outcome.files;
    sum.cleaned += outcome.cleaned;
  }
  return sum;
}

TEST(NodeSimulation, WithoutTrouble) {
  const NodeOutcome sum = live_on_nodes(1, seeds(500), {});
  EXPECT_EQ(sum.repeats, 0u);
  EXPECT_GT(sum.files, seeds(500));
}

TEST(NodeSimulation, LeadersAndServersDie) {
  const NodeOutcome sum =
      live_on_nodes(10'000, seeds(2000), {.leader_kills = 3, .server_kills = 3});
  EXPECT_GT(sum.leaders, 3 * seeds(2000) / 2);
  EXPECT_EQ(sum.repeats, 0u);  // a pipe's end is no death
  EXPECT_EQ(sum.gone, 0u);
}

TEST(NodeSimulation, PipesEndAndHang) {
  const NodeOutcome sum =
      live_on_nodes(20'000, seeds(2000), {.leader_kills = 1, .pipe_cuts = 4, .hangs = 4});
  EXPECT_EQ(sum.repeats, 0u);
}

TEST(NodeSimulation, CoordinatorsDie) {
  live_on_nodes(30'000, seeds(2000),
                {.leader_kills = 1, .server_kills = 2, .coordinator_kills = 4});
}

TEST(NodeSimulation, MachinesGoDownAndComeBack) {
  const NodeOutcome sum = live_on_nodes(40'000, seeds(2000), {.leader_kills = 1, .outages = 3});
  EXPECT_GT(sum.gone, 0u);
}

TEST(NodeSimulation, NodesAreCalledGoneThatRunOn) {
  const NodeOutcome sum =
      live_on_nodes(50'000, seeds(3000), {.leader_kills = 2, .server_kills = 1, .partitions = 4});
  EXPECT_GT(sum.gone, seeds(3000) / 10);
  EXPECT_GT(sum.cleaned, seeds(3000) / 50);
  EXPECT_GT(sum.repeats, 0u);  // what ran on there has ended, and its repetition too
}

TEST(NodeSimulation, ThePowerOfTheLeaderGoes) {
  live_on_nodes(60'000, seeds(3000),
                {.leader_kills = 4, .server_kills = 1, .pipe_cuts = 1, .power = true});
}

TEST(NodeSimulation, LeadersMoveToHostsWithOtherClocks) {
  const NodeOutcome sum =
      live_on_nodes(80'000, seeds(2000), {.leader_kills = 4, .server_kills = 1, .moves = true});
  EXPECT_EQ(sum.repeats, 0u);
  EXPECT_EQ(sum.superseded, 0u);
}

TEST(NodeSimulation, LeadersGoOnThatLeadNoMore) {
  const NodeOutcome sum = live_on_nodes(90'000, seeds(4000), {.usurpations = 3});
  EXPECT_GT(sum.superseded, seeds(4000) / 2);
  EXPECT_EQ(sum.repeats, 0u);
}

TEST(NodeSimulation, LeadersGoOnWhoseClocksAreAhead) {
  const NodeOutcome sum = live_on_nodes(
      110'000, seeds(4000), {.leader_kills = 3, .pipe_cuts = 2, .usurpations = 4, .moves = true});
  EXPECT_EQ(sum.repeats, 0u);
}

TEST(NodeSimulation, LeadersGoOnAmongOtherFaults) {
  live_on_nodes(100'000, seeds(6000),
                {.leader_kills = 1,
                 .server_kills = 1,
                 .pipe_cuts = 1,
                 .coordinator_kills = 1,
                 .outages = 1,
                 .partitions = 2,
                 .hangs = 1,
                 .usurpations = 3,
                 .moves = true});
}

TEST(NodeSimulation, EverythingAtOnce) {
  live_on_nodes(70'000, seeds(5000),
                {.leader_kills = 3,
                 .server_kills = 2,
                 .pipe_cuts = 2,
                 .coordinator_kills = 2,
                 .outages = 2,
                 .partitions = 2,
                 .hangs = 2,
                 .power = true});
}

}  // namespace
}  // namespace thermos::sim
