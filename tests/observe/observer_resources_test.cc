// What the observer tells of what runs use, and that it does nothing for it while nobody asks.
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "observing.h"
#include "reactor/os/clocks.h"
#include "task_run.h"
#include "waiting.h"

namespace thermos::observe {
namespace {

using real::process;
using real::task;

constexpr std::int64_t kWorkerTakes = std::int64_t{32} << 20;
// Burns CPU time, takes 32 MiB and waits to be let go.
std::string worker(const std::string& gate, const std::string& ready) {
  return "i=0; while ((i < 100000)); do ((i++)); done; x=$(head -c 32M /dev/zero | tr '\\0' x); "
         "> " +
         ready + "; read y < " + gate;
}

class ObserverResources : public ::testing::Test {
 protected:
  ObserverResources() : gate(site.path() + "/gate") { ::mkfifo(gate.c_str(), 0600); }

  std::string ready() const { return site.path() + "/ready"; }
  real::Command start(const std::string& command) {
    real::Command run = site.start_run(site.write_config(task({process("p", command)})));
    EXPECT_TRUE(real::wait_for_file(ready()));
    return run;
  }
  void let_go() const { std::ofstream(gate) << "\n"; }
  // Whether there comes a time of a second and a half in which the program does not wake up.
  static bool falls_asleep(Connection& idle, Observing& observing) {
    for (int tries = 0; tries < 10; ++tries) {
      const std::uint64_t before = observing.sleeps();
      if (idle.readable_within(1500)) return false;
      if (observing.sleeps() == before) return true;
    }
    return false;
  }

  real::Site site;
  std::string gate;
};

const char* const kPath = "/api/tasks/t/processes/p/runs/0/resources";

TEST_F(ObserverResources, SaysWhatARunUsesAndWhatItUsed) {
  real::Command run = start(worker(gate, ready()));
  Observing observing(site);
  const real::Json now = observing.json(kPath);
  EXPECT_EQ(now["interval"], 1);
  EXPECT_EQ(now["totals"], real::Json::object());
  ASSERT_EQ(now["samples"].size(), 1U);
  const real::Json& sample = now["samples"][0];
  EXPECT_GT(sample["cpu"], 0);
  EXPECT_GE(sample["memory"], kWorkerTakes);
  EXPECT_EQ(sample["processes"], 1);
  EXPECT_GE(sample["time"], site.status()["processes"]["p"][0]["start_time"]);
  // Who asks again and again gets no more than one for each second since the first.
  real::Json again;
  for (int i = 0; i < 10; ++i) again = observing.json(kPath)["samples"];
  EXPECT_EQ(again[0], sample);
  const double first = sample["time"];
  const double since = static_cast<double>(read_clocks().wall) / kSecond - first;
  EXPECT_LE(static_cast<double>(again.size()), since + 2);

  let_go();
  EXPECT_EQ(run.wait().code, 0);
  const real::Json ended = real::runs(site.status(), "p")[0];
  const real::Json after = observing.json(kPath);
  EXPECT_EQ(after["samples"][0], sample) << "what was seen stays";
  EXPECT_EQ(after["totals"], (real::Json{{"cpu_user", ended["cpu_user"]},
                                         {"cpu_system", ended["cpu_system"]},
                                         {"peak_memory", ended["peak_memory"]}}));
  EXPECT_GE(after["totals"]["peak_memory"], kWorkerTakes);
  EXPECT_EQ(observing.get("/api/tasks/t/processes/p/runs/1/resources").status, 404);
  EXPECT_EQ(observing.get("/api/tasks/t/processes/q/runs/0/resources").status, 404);
  EXPECT_EQ(observing.get("/api/tasks/u/processes/p/runs/0/resources").status, 404);
  EXPECT_EQ(observing.get(std::string(kPath) + "?follow").status, 400);
}

TEST_F(ObserverResources, SamplesWhileSomebodyLooksAndOnlyThen) {
  real::Command run = start(worker(gate, ready()));
  Observing observing(site);
  Connection idle = observing.connect();
  idle.ask("/events");
  EXPECT_EQ(idle.head().status, 200);
  idle.read_until("\n\n");
  EXPECT_TRUE(falls_asleep(idle, observing)) << "a task runs, and nobody looks at it";
  // The first at once, and then one each second, whoever asks for them.
  ASSERT_EQ(observing.json(kPath)["samples"].size(), 1U);
  EXPECT_FALSE(idle.readable_within(3500));
  const real::Json seen = observing.json(kPath)["samples"];
  ASSERT_GE(seen.size(), 3U);
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_GT(seen[i]["time"], seen[i - 1]["time"]);
  const std::string last = seen[1]["time"].dump();
  EXPECT_EQ(observing.json(std::string(kPath) + "?after=" + last)["samples"][0], seen[2]);
  EXPECT_TRUE(falls_asleep(idle, observing)) << "nobody looks any more";
  EXPECT_GE(observing.json(kPath)["samples"].size(), 3U) << "what was seen is known still";
  let_go();
  EXPECT_EQ(run.wait().code, 0);
}

// Of a large task, those runs are sampled that somebody looks at.
TEST_F(ObserverResources, OnlySoManyRunsAreSampled) {
  std::vector<real::Json> processes;
  for (int i = 0; i < 70; ++i)
    processes.push_back(process("p" + std::to_string(i), "read y < " + gate));
  real::Command run = site.start_run(site.write_config(task(processes)));
  for (int i = 0; i < 70; ++i) {
    ASSERT_FALSE(site.run_in_state("p" + std::to_string(i), "RUNNING").is_null());
  }
  Observing observing(site);
  const auto path = [](int i) {
    return "/api/tasks/t/processes/p" + std::to_string(i) + "/runs/0/resources";
  };
  for (int i = 0; i < 70; ++i) EXPECT_EQ(observing.json(path(i))["samples"].size(), 1U);
  // One that was asked for first is forgotten, and can be asked for again.
  const real::Json latest = observing.json(path(69));
  const real::Json again = observing.json(path(0));
  ASSERT_EQ(again["samples"].size(), 1U);
  EXPECT_GT(again["samples"][0]["time"], latest["samples"][0]["time"]);
  run.signal(SIGTERM);
  run.wait();
}

}  // namespace
}  // namespace thermos::observe
