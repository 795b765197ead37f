#include "core/task/peak_use.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/task/check_task.h"

namespace thermos {
namespace {

ProcessConfig process(const std::string& name, double cpu, std::int64_t ram = 0) {
  ProcessConfig made;
  made.name = name;
  made.cmdline = "true";
  if (cpu > 0 || ram > 0) made.resources = Resources{cpu, ram, 0};
  return made;
}

TaskConfig demanding_task(std::vector<ProcessConfig> processes,
                          std::vector<std::vector<std::string>> orders = {}) {
  TaskConfig task;
  task.name = "t";
  task.processes = std::move(processes);
  for (auto& order : orders) task.constraints.push_back({std::move(order)});
  return task;
}

Demand demand(const TaskConfig& task) {
  const Result<Graph> graph = check_task(task);
  EXPECT_TRUE(graph) << (graph ? "" : graph.error().message);
  return demand_of(task, *graph);
}

TEST(Demand, IsTheSumOfWhatRunsTogether) {
  const Demand found = demand(demanding_task({process("a", 1, 100), process("b", 2.5, 50)}));
  EXPECT_EQ(found.peak.cpu, 3.5);
  EXPECT_EQ(found.peak.ram, 150);
  EXPECT_EQ(found.silent, 0U);
  EXPECT_FALSE(found.declared);
}

TEST(Demand, OfAChainIsThatOfItsLargest) {
  const Demand found = demand(demanding_task(
      {process("a", 1, 100), process("b", 4, 50), process("c", 2)}, {{"a", "b", "c"}}));
  EXPECT_EQ(found.peak.cpu, 4);
  EXPECT_EQ(found.peak.ram, 100);
}

TEST(Demand, LooksThroughAProcessThatAsksForNothing) {
  const TaskConfig task =
      demanding_task({process("a", 3), process("b", 0), process("c", 2), process("d", 2)},
                     {{"a", "b", "c"}, {"b", "d"}});
  EXPECT_EQ(demand(task).peak.cpu, 4);
  EXPECT_EQ(demand(task).silent, 1U);
}

TEST(Demand, ASuccessorOfAStartRunsBesideIt) {
  TaskConfig task =
      demanding_task({process("server", 2), process("client", 3), process("last", 4)});
  task.processes[0].daemon = true;
  task.processes[1].needs.entries = {{"server", Condition::Start}};
  task.processes[2].needs.entries = {{"client", Condition::End}};
  EXPECT_EQ(demand(task).peak.cpu, 6);  // the server, beside the larger of the others
}

// a has ended before b starts, and c waits for b's start: so c does not run beside a.
TEST(Demand, WhatWaitsForTheStartOfASuccessorDoesNotRunBesideThePredecessor) {
  TaskConfig task =
      demanding_task({process("a", 4), process("b", 1), process("c", 2)}, {{"a", "b"}});
  task.processes[2].needs.entries = {{"b", Condition::Start}};
  EXPECT_EQ(demand(task).peak.cpu, 4);
}

TEST(Demand, IsNoMoreThanMaxConcurrencyAllows) {
  TaskConfig task = demanding_task({process("a", 1), process("b", 2), process("c", 3)});
  task.max_concurrency = 2;
  EXPECT_EQ(demand(task).peak.cpu, 5);
}

TEST(Demand, IsThatOfAllWhereMaxConcurrencyAllowsMore) {
  TaskConfig task = demanding_task({process("a", 1), process("b", 2)});
  task.max_concurrency = 3;
  EXPECT_EQ(demand(task).peak.cpu, 3);
}

// Which processes of so large a graph run together is not looked for: the sum is more than enough.
TEST(Demand, OfVeryManyEdgesIsTheSum) {
  constexpr int kSide = 230;  // 230 times 230 edges
  std::vector<ProcessConfig> processes;
  for (int i = 0; i < 2 * kSide; ++i) processes.push_back(process("p" + std::to_string(i), 1));
  TaskConfig task = demanding_task(std::move(processes));
  for (int i = 0; i < kSide; ++i) {
    for (int j = 0; j < kSide; ++j) {
      task.processes[kSide + i].needs.entries.emplace_back("p" + std::to_string(j),
                                                           Condition::Success);
    }
  }
  EXPECT_EQ(demand(task).peak.cpu, 2 * kSide);
}

TEST(Demand, WhoAsksForMemoryAloneIsSilentAboutItsProcessors) {
  EXPECT_EQ(demand(demanding_task({process("a", 0, 100), process("b", 1)})).silent, 1U);
}

TEST(Demand, FinalizersRunAlone) {
  TaskConfig task = demanding_task({process("a", 3), process("tidy", 2)});
  task.processes[1].final = true;
  EXPECT_EQ(demand(task).peak.cpu, 3);
}

TEST(Demand, OfTheTaskItselfGoesOverThoseOfItsProcesses) {
  TaskConfig task = demanding_task({process("a", 3), process("b", 2)});
  task.resources = Resources{1.5, 7, 8};
  const Demand found = demand(task);
  EXPECT_TRUE(found.declared);
  EXPECT_EQ(found.peak, (Resources{1.5, 7, 8}));
}

TEST(Demand, DoesNotOverflow) {
  constexpr std::int64_t kMuch = std::int64_t{1} << 62;
  const Demand found = demand(demanding_task({process("a", 1e6, kMuch), process("b", 1e6, kMuch)}));
  EXPECT_GT(found.peak.ram, 0);
  EXPECT_EQ(found.peak.cpu, 2e6);
}

TEST(Demand, AHundredThousandProcessesAreAdded) {
  std::vector<ProcessConfig> processes;
  for (int i = 0; i < 100'000; ++i) processes.push_back(process("p" + std::to_string(i), 1));
  EXPECT_EQ(demand(demanding_task(std::move(processes))).peak.cpu, 100'000);
}

// Against all sets of processes of small random graphs.
TEST(Demand, IsTheHeaviestSetThatCanRunTogether) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    constexpr int kProcesses = 7;
    TaskConfig task = demanding_task({});
    for (int p = 0; p < kProcesses; ++p) {
      task.processes.push_back(process("p" + std::to_string(p), static_cast<double>(random() % 4)));
    }
    // before[p][q]: p has ended when q starts. started[p][q]: p has started when q starts.
    std::vector<std::vector<bool>> before(kProcesses, std::vector<bool>(kProcesses));
    std::vector<std::vector<bool>> started = before;
    for (int p = 0; p < kProcesses; ++p) {
      for (int q = p + 1; q < kProcesses; ++q) {
        if (random() % 4 != 0) continue;
        const bool ends = random() % 2 == 0;
        (ends ? before : started)[p][q] = true;
        task.processes[q].needs.entries.emplace_back("p" + std::to_string(p),
                                                     ends ? Condition::End : Condition::Start);
      }
    }
    for (int length = 1; length < kProcesses; ++length) {
      for (int p = 0; p < kProcesses; ++p) {
        for (int q = 0; q < kProcesses; ++q) {
          for (int r = 0; r < kProcesses; ++r) {
            const bool pq = before[p][q] || started[p][q];
            const bool qr = before[q][r] || started[q][r];
            if (before[p][q] && qr) before[p][r] = true;
            if (pq && qr) started[p][r] = true;
          }
        }
      }
    }
    double most = 0;
    for (int set = 0; set < 1 << kProcesses; ++set) {
      double sum = 0;
      bool together = true;
      for (int p = 0; p < kProcesses; ++p) {
        if ((set >> p & 1) == 0) continue;
        if (task.processes[p].resources) sum += task.processes[p].resources->cpu;
        for (int q = 0; q < kProcesses; ++q) {
          if ((set >> q & 1) != 0 && before[p][q]) together = false;
        }
      }
      if (together) most = std::max(most, sum);
    }
    ASSERT_EQ(demand(task).peak.cpu, most) << "round " << round;
  }
}

}  // namespace
}  // namespace thermos
