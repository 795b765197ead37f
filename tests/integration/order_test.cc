// The order of a task's processes, its concurrency, and its retries, with real processes.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

// Whoever waits for another was forked after that one had stopped.
void expect_order(const Json& status, const std::vector<Words>& orders) {
  for (const Words& order : orders) {
    for (std::size_t i = 1; i < order.size(); ++i) {
      EXPECT_GT(fork_time(status, order[i]), stop_time(status, order[i - 1]))
          << order[i] << " after " << order[i - 1];
    }
  }
}

// How many ran at once at most, by what is on record.
int most_at_once(const Json& status) {
  std::vector<std::pair<double, int>> changes;
  for (const auto& [name, all] : status["processes"].items()) {
    for (const Json& run : all) {
      changes.emplace_back(run["fork_time"], 1);
      changes.emplace_back(run["stop_time"], -1);
    }
  }
  std::sort(changes.begin(), changes.end());
  int now = 0;
  int most = 0;
  for (const auto& [when, change] : changes) most = std::max(most, now += change);
  return most;
}

TEST(Order, SixProcessesInThreeLayersWithANamedPort) {
  Site site;
  const std::vector<Words> orders = {{"a", "d", "f"}, {"b", "d"}, {"b", "e", "f"}, {"c", "e"}};
  const Json graph =
      task({process("f", "cat d e > f"), process("d", "cat a b > d"), process("e", "cat b c > e"),
            process("a", "echo port {{thermos.ports[http]}} > a"), process("b", "echo b > b"),
            process("c", "echo c > c")},
           orders);
  const Ended ended = site.run(graph, "t", {"-P", "http:8080"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read_file(site.in_sandbox("f")), "port 8080\nb\nb\nc\n");
  const Json status = site.status();
  EXPECT_EQ(status["state"], "SUCCESS");
  EXPECT_EQ(stages(status), "ACTIVE CLEANING FINALIZING SUCCESS");
  EXPECT_EQ(status["header"]["ports"], Json({{"http", 8080}}));
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    EXPECT_EQ(states(status, name), "SUCCESS") << name;
    EXPECT_EQ(runs(status, name).back()["return_code"], 0) << name;
  }
  expect_order(status, orders);
}

TEST(Order, AFanOutOf180WithAReducer) {
  constexpr int kWorkers = 180;
  Site site;
  std::vector<Json> processes = {process("reduce", "cat part.* | sort -n | uniq | wc -l > total")};
  std::vector<Words> orders;
  for (int i = 0; i < kWorkers; ++i) {
    const std::string name = "work-" + std::to_string(i);
    const std::string number = std::to_string(i);
    processes.push_back(process(name, "echo " + number + " > part." + number));
    orders.push_back({name, "reduce"});
  }
  const Ended ended = site.run(task(processes, orders, {{"max_concurrency", 8}}), "t", {"-q"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(read_file(site.in_sandbox("total")), "180\n");
  const Json status = site.status();
  expect_order(status, orders);
  EXPECT_LE(most_at_once(status), 8);
  EXPECT_GT(most_at_once(status), 1);
  EXPECT_EQ(status["processes"].size(), 181U);
}

// ---- retries -----------------------------------------------------------------------------------

TEST(Retries, ThreeProcessesThatNeedOneTwoAndThreeTries) {
  Site site;
  std::vector<Json> processes;
  for (int tries = 1; tries <= 3; ++tries) {
    const std::string file = "tries-" + std::to_string(tries);
    processes.push_back(process(
        "p" + std::to_string(tries),
        "echo x >> " + file + "; [ $(wc -l < " + file + ") -ge " + std::to_string(tries) + " ]",
        {{"max_failures", 5}, {"min_duration", 1}}));
  }
  const Ended ended = site.run(task(processes));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "p1"), "SUCCESS");
  EXPECT_EQ(states(status, "p2"), "FAILED SUCCESS");
  EXPECT_EQ(states(status, "p3"), "FAILED FAILED SUCCESS");
  for (const char* name : {"p2", "p3"}) {
    const Json& all = runs(status, name);
    for (std::size_t i = 1; i < all.size(); ++i) {
      const double gap = all[i]["fork_time"].get<double>() - all[i - 1]["stop_time"].get<double>();
      EXPECT_GE(gap, 1.0) << name;
      EXPECT_LT(gap, 2.0) << name << ": a whole min_duration too late";
    }
  }
}

TEST(Retries, TenFailuresOfOneProcessAreOneFailedProcess) {
  Site site;
  const Ended ended =
      site.run(task({process("bad", "exit 3", {{"max_failures", 10}, {"min_duration", 0}}),
                     process("good", "true"), process("after-good", "true")},
                    {{"good", "after-good"}}, {{"max_failures", 2}}));
  // One failed process of two that are allowed: the task goes on to its end and is a success.
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "bad"),
            "FAILED FAILED FAILED FAILED FAILED FAILED FAILED FAILED FAILED FAILED");
  for (const Json& run : runs(status, "bad")) EXPECT_EQ(run["return_code"], 3);
  EXPECT_EQ(states(status, "after-good"), "SUCCESS");
}

TEST(Retries, NothingCanRunAnyMore) {
  Site site;
  const Ended ended = site.run(
      task({process("bad", "false"), process("after", "true"), process("after-that", "true")},
           {{"bad", "after", "after-that"}}, {{"max_failures", 2}}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(status["state"], "FAILED");
  EXPECT_EQ(states(status, "bad"), "FAILED");
  EXPECT_EQ(states(status, "after"), "");
  EXPECT_EQ(states(status, "after-that"), "");
}

TEST(Retries, NoLimitOfFailedProcesses) {
  Site site;
  const Ended ended = site.run(
      task({process("bad1", "exit 1"), process("bad2", "exit 2"), process("bad3", "exit 3"),
            process("good1", "true"), process("good2", "true"), process("good3", "true")},
           {}, {{"max_failures", 0}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(status["state"], "SUCCESS");
  for (const char* name : {"bad1", "bad2", "bad3"}) EXPECT_EQ(states(status, name), "FAILED");
  for (const char* name : {"good1", "good2", "good3"}) EXPECT_EQ(states(status, name), "SUCCESS");
}

// ---- ephemerals and daemons --------------------------------------------------------------------

TEST(Ephemeral, ADaemonBesideAMainProcessAndAFinalizer) {
  Site site;
  const Ended ended = site.run(
      task({process("beat", "echo beat >> beats",
                    {{"daemon", true}, {"ephemeral", true}, {"min_duration", 0.05}}),
            process("main", "until [ $(wc -l < beats) -ge 3 ] 2>/dev/null; do sleep 0.05; done"),
            process("count", "wc -l < beats > counted", {{"final", true}})}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(status["state"], "SUCCESS");
  const Json& beats = runs(status, "beat");
  ASSERT_GE(beats.size(), 3U);
  for (std::size_t i = 1; i < beats.size() && beats[i].contains("fork_time"); ++i) {
    EXPECT_EQ(beats[i - 1]["state"], "SUCCESS");
    EXPECT_GE(beats[i]["fork_time"].get<double>() - beats[i - 1]["stop_time"].get<double>(), 0.05);
  }
  EXPECT_EQ(states(status, "count"), "SUCCESS");
  // Nothing regular runs beside the finalizers.
  for (const Json& beat : beats) {
    EXPECT_LT(beat.value("stop_time", 0.0), fork_time(status, "count"));
  }
  EXPECT_GE(std::stoi(read_file(site.in_sandbox("counted"))), 3);
}

TEST(Ephemeral, DoesNotHoldUpATask) {
  Site site;
  const Ended ended =
      site.run(task({process("aside", "touch aside; exec sleep 30", {{"ephemeral", true}}),
                     process("main", "until [ -e aside ]; do sleep 0.02; done")}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(status["state"], "SUCCESS");
  EXPECT_EQ(states(status, "aside"), "KILLED");
  EXPECT_EQ(runs(status, "aside").back()["return_code"], -15);
  EXPECT_LT(stop_time(status, "aside") - fork_time(status, "aside"), 30);
}

}  // namespace
}  // namespace thermos::real
