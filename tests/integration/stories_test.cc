// The example stacks, and limits of time, while the runner is killed again and again: each time
// when a number of records, drawn by a seed, is on record.
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "examples.h"
#include "free_ports.h"
#include "ledger.h"
#include "stream_cut.h"
#include "task_run.h"

namespace thermos::real {
namespace {

std::size_t records(Site& site) {
  const std::string stream = site.checkpoint("t") + "/runner";
  return exists(stream) ? ends_of_records(stream).size() : 0;
}

// Starts runners, and kills each but the last when it, or one of the processes, has written 1 to
// `most` records more; none any more when the task is as `settled` says. A quick machine may be
// done with a task before the first kill.
class Killed {
 public:
  Killed(Site& site, std::string config, Words options, int most)
      : site_(site), config_(std::move(config)), options_(std::move(options)), most_(most) {}

  template <typename Settled>
  Command run(Dice& dice, int kills, const Settled& settled) {
    for (;; ++kills_) {
      Command runner = site_.start_run(config_, "t", options_);
      if (kills_ == kills) return runner;
      const std::size_t at = records(site_) + static_cast<std::size_t>(dice.throw_one(1, most_));
      bool over = false;
      EXPECT_TRUE(wait_until(site_.checkpoint("t"), [&] {
        over = settled();
        return over || records(site_) >= at;
      }));
      if (over) return runner;
      runner.destroy();
    }
  }
  int kills() const { return kills_; }

 private:
  Site& site_;
  std::string config_;
  Words options_;
  int most_;
  int kills_ = 0;
};

// The last thing that a runner does in the task's directory comes behind this.
auto ended(const Site& site) {
  return [finished = site.root() + "/tasks/finished/t"] { return exists(finished); };
}

Json last_run(Site& site, const std::string& process) {
  return runs(site.status(), process).back();
}

class Stories : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(Stories, AWebStackStartsInItsOrder) {
  Dice dice(GetParam());
  Site site;
  Killed killed(site, example("webstack.yaml"), free_ports({"http", "db"}), 5);
  expect_success(killed.run(dice, 12, ended(site)).wait());
  expect_one_run_each(site);
  const std::string stream = site.checkpoint("t") + "/runner";
  expect_in_order(stream, "report database run=0 ready", "process migrate run=0 seq=0 WAITING");
  expect_in_order(stream, "process migrate run=0 seq=3 SUCCESS", "process web run=0 seq=0 WAITING");
  expect_in_order(stream, "report web run=0 ready", "process worker run=0 seq=0 WAITING");
  EXPECT_EQ(read_file(site.in_sandbox("jobs/done")), "working with v1\n");
}

TEST_P(Stories, ContinuousIntegrationRunsEachStepOnce) {
  Dice dice(GetParam());
  Site site;
  Killed killed(site, example("ci.yaml"), {}, 6);
  expect_success(killed.run(dice, 12, ended(site)).wait());
  expect_one_run_each(site);
  EXPECT_EQ(site.status()["processes"].size(), 9U);
  const std::string published = read_file(site.in_sandbox("out/published"));
  EXPECT_EQ(std::count(published.begin(), published.end(), '\n'), 5);
  EXPECT_EQ(read_file(site.in_sandbox("out/result")), "SUCCESS\n");
}

TEST_P(Stories, DaemonsRunOn) {
  Dice dice(GetParam());
  Site site;
  Killed killed(site, example("daemons.yaml"), free_ports({"http"}), 4);
  const auto all_up = [&] {
    // They run for ever, so the first kill always comes.
    if (killed.kills() == 0) return false;
    const Json status = site.status();
    if (!status.is_object() || !status["processes"].contains("queue-2")) return false;
    const Json& processes = status["processes"];
    return processes.contains("queue-1") && processes.contains("tidy") &&
           processes["web"].back().contains("ready_time") &&
           processes["queue-1"].back()["state"] == "RUNNING" &&
           processes["queue-2"].back()["state"] == "RUNNING" &&
           processes["tidy"].back()["state"] == "SUCCESS";
  };
  Command last = killed.run(dice, 8, all_up);
  ASSERT_TRUE(site.run_in_state("queue-2", "RUNNING").is_object());
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
  EXPECT_EQ(last.wait().code, 2);
  expect_one_run_each(site);
  EXPECT_GE(last_run(site, "queue-1")["waiting_time"], last_run(site, "web")["ready_time"]);
}

// Each runner lives much shorter than the limits: if it counted anew, they would never be over.
TEST_P(Stories, LimitsOfTimeAreKept) {
  Dice dice(GetParam());
  Site site;
  const Json config = task(
      {process("slow", "exec sleep 1000", {{"timeout", 2}}),
       process("mute", "exec sleep 1000",
               {{"ready", {{"file", "never"}, {"interval", 0.2}, {"within", 2}}}}),
       process(
           "tick", "true",
           {{"daemon", true}, {"ephemeral", true}, {"max_failures", 0}, {"min_duration", 0.05}})},
      {}, {{"max_failures", 0}});
  Killed killed(site, site.write_config(config), {}, 8);
  constexpr int kMost = 300;
  killed.run(dice, kMost, ended(site)).wait();
  EXPECT_LT(killed.kills(), kMost);
  EXPECT_GT(killed.kills(), 0);
  for (const char* name : {"slow", "mute"}) {
    ASSERT_EQ(runs(site.status(), name).size(), 1U);
    const Json run = last_run(site, name);
    EXPECT_EQ(run["state"], "FAILED");
    EXPECT_GE(run["stop_time"].get<double>(), run["start_time"].get<double>() + 2);
  }
  EXPECT_EQ(last_run(site, "slow")["reason"], "timed out after 2 s");
  EXPECT_EQ(last_run(site, "mute")["reason"],
            "not ready within 2 s: file never: No such file or directory");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Stories, ::testing::Range(1U, 5U));

}  // namespace
}  // namespace thermos::real
