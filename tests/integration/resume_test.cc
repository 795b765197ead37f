// A task outlives its runner: what the next one takes over, and whom it refuses.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "boot_id.h"
#include "stream_cut.h"
#include "task_run.h"

namespace thermos::real {
namespace {

// The moment at which the `n`-th runner took the lead.
double lead_time(const Json& status, std::size_t n) {
  std::vector<pid_t> runners;
  for (const Json& step : status["statuses"]) {
    const pid_t pid = step["runner_pid"];
    if (!runners.empty() && runners.back() == pid) continue;
    runners.push_back(pid);
    if (runners.size() == n) return step["timestamp_ms"].get<double>() / 1000;
  }
  ADD_FAILURE() << "no runner number " << n << ": " << status.dump(2);
  return 0;
}

// ---- taking over -------------------------------------------------------------------------------

TEST(Resume, TakesOverWhatLives) {
  Site site;
  const std::string config = site.write_config(
      task({process("main", "echo $$ >> ledger; until [ -e go ]; do sleep 0.02; done"),
            process("after", "echo after >> ledger")},
           {{"main", "after"}}));
  Command first = site.start_run(config);
  const pid_t main = pid_in(site.in_sandbox("ledger"));
  first.destroy();
  Command second = site.start_run(config);
  ASSERT_TRUE(site.leads(second));
  EXPECT_TRUE(alive(main));
  write_file(site.in_sandbox("go"), "");
  const Ended ended = second.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read_file(site.in_sandbox("ledger")), std::to_string(main) + "\nafter\n");
  const Json status = site.status();
  EXPECT_EQ(states(status, "main"), "SUCCESS");
  EXPECT_EQ(runs(status, "main")[0]["pid"], main);
  EXPECT_EQ(runs(status, "main")[0]["return_code"], 0);
}

TEST(Resume, TakesWhatEndedMeanwhileAsItEnded) {
  Site site;
  const std::string config = site.write_config(
      task({process("good", "touch up1; until [ -e go ]; do sleep 0.02; done; echo good >> ledger"),
            process("bad",
                    "touch up2; until [ -e go ]; do sleep 0.02; done; echo bad >> ledger; exit 7"),
            process("after", "echo after >> ledger")},
           {{"good", "after"}}, {{"max_failures", 2}}));
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up1")));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up2")));
  first.destroy();
  write_file(site.in_sandbox("go"), "");
  EXPECT_TRUE(nothing_outlives());
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(count_lines(site.in_sandbox("ledger")),
            (std::map<std::string, int>{{"good", 1}, {"bad", 1}, {"after", 1}}));
  const Json status = site.status();
  EXPECT_EQ(states(status, "good"), "SUCCESS");
  EXPECT_EQ(states(status, "bad"), "FAILED");
  EXPECT_EQ(runs(status, "bad")[0]["return_code"], 7);
  EXPECT_EQ(runs(status, "good")[0]["origin"], "found at resume");
  EXPECT_EQ(runs(status, "after")[0]["origin"], "recorded");
}

TEST(Resume, WhatVanishedMeanwhileIsLostAndRunsAgain) {
  Site site;
  const std::string config = site.write_config(
      task({process("main", "echo $$ >> ledger; [ $(wc -l < ledger) -ge 2 ] || exec sleep 1000",
                    {{"min_duration", 0}})}));
  Command first = site.start_run(config);
  const pid_t main = pid_in(site.in_sandbox("ledger"));
  const Json run = site.run_in_state("main", "RUNNING");
  ASSERT_FALSE(run.is_null());
  first.destroy();
  // Its process lives on: the next runner ends it before it starts another.
  EXPECT_TRUE(Watched(run["coordinator_pid"].get<pid_t>()).signal(SIGKILL));
  EXPECT_TRUE(ends(run["coordinator_pid"].get<pid_t>()));
  EXPECT_TRUE(alive(main));
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_FALSE(alive(main));
  const Json status = site.status();
  EXPECT_EQ(states(status, "main"), "LOST SUCCESS");
  EXPECT_EQ(runs(status, "main")[0]["origin"], "coordinator vanished");
}

TEST(Resume, MinDurationGoesOnFromWhereItWas) {
  Site site;
  // "clock" gives the time: a second after the failure, and then the next runner comes.
  const std::string config = site.write_config(
      task({process("main", "[ -e failed ] && exit 0; touch failed; exit 1",
                    {{"max_failures", 2}, {"min_duration", 2}}),
            process("clock", "until [ -e failed ]; do sleep 0.02; done; sleep 1; touch late")}));
  Command first = site.start_run(config);
  ASSERT_FALSE(site.run_in_state("main", "FAILED").is_null());
  first.destroy();
  ASSERT_TRUE(wait_for_file(site.in_sandbox("late")));
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  ASSERT_EQ(states(status, "main"), "FAILED SUCCESS");
  const double began = runs(status, "main")[1]["fork_time"];
  EXPECT_GE(began - runs(status, "main")[0]["stop_time"].get<double>(), 2.0);
  EXPECT_LT(began - lead_time(status, 2), 2.0) << "the wait started anew";
}

// ---- deadlines ---------------------------------------------------------------------------------

// `stage`: where the runner is killed; a file "late" comes a second after that stage began. The
// allowance is two seconds.
void expect_first_deadline(const Json& graph, const std::string& stage) {
  Site site;
  const std::string config = site.write_config(graph);
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("begun")));
  ASSERT_TRUE(site.reaches(stage));
  first.destroy();
  ASSERT_TRUE(wait_for_file(site.in_sandbox("late")));
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "slow"), "KILLED");
  EXPECT_EQ(runs(status, "slow").back()["return_code"], -SIGKILL);
  EXPECT_GE(time_of(status, "FAILED") - time_of(status, "CLEANING"), 1.999);
  EXPECT_LT(time_of(status, "FAILED") - lead_time(status, 2), 2.0) << "the allowance began anew";
}

TEST(Resume, HonoursTheFirstDeadlineOfCleaning) {
  expect_first_deadline(task({process("slow",
                                      "trap 'touch begun; sleep 1; touch late' TERM; touch up; "
                                      "while :; do sleep 0.05; done"),
                              process("main", "until [ -e up ]; do sleep 0.02; done; exit 1")},
                             {}, {{"finalization_wait", 2}}),
                        "CLEANING");
}

TEST(Resume, HonoursTheFirstDeadlineOfFinalizing) {
  expect_first_deadline(
      task({process("main", "exit 1"),
            process("slow",
                    "trap '' TERM; touch begun; sleep 1; touch late; while :; do sleep 1; done",
                    {{"final", true}})},
           {}, {{"finalization_wait", 2}}),
      "FINALIZING");
}

TEST(Resume, ADeadlineThatPassedMeanwhileIsOver) {
  Site site;
  const std::string config =
      site.write_config(task({process("slow",
                                      "trap 'touch begun; sleep 4.2; touch late' TERM; touch up; "
                                      "while :; do sleep 0.05; done"),
                              process("main", "until [ -e up ]; do sleep 0.02; done; exit 1"),
                              process("tidy", "true", {{"final", true}})},
                             {}, {{"finalization_wait", 4}}));
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("begun")));
  ASSERT_TRUE(site.reaches("CLEANING"));
  first.destroy();
  ASSERT_TRUE(wait_for_file(site.in_sandbox("late")));
  EXPECT_EQ(site.start_run(config).wait().code, 1);
  const Json status = site.status();
  EXPECT_EQ(stages(status), "ACTIVE CLEANING FAILED");
  EXPECT_EQ(runs(status, "slow").back()["return_code"], -SIGKILL);
  EXPECT_EQ(states(status, "tidy"), "");
}

TEST(Resume, AKillsDeadlineHoldsForTheNextRunnerToo) {
  Site site;
  const std::string config =
      site.write_config(task({process("slow",
                                      "trap 'touch begun; sleep 1; touch late' TERM; touch up; "
                                      "while :; do sleep 0.05; done")},
                             {}, {{"finalization_wait", 1000}}));
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  Command kill = site.start({"kill", "--wait", "2", "t"});
  ASSERT_TRUE(wait_for_file(site.in_sandbox("begun")));
  kill.destroy();
  first.destroy();
  ASSERT_TRUE(wait_for_file(site.in_sandbox("late")));
  EXPECT_EQ(site.start_run(config).wait().code, 2);
  const Json status = site.status();
  EXPECT_GE(time_of(status, "KILLED") - time_of(status, "CLEANING"), 1.999);
  EXPECT_LT(time_of(status, "KILLED") - lead_time(status, 2), 2.0);
}

// ---- refusals ----------------------------------------------------------------------------------

TEST(Refusal, OfASecondRunnerWhileTheFirstLives) {
  Site site;
  const std::string config =
      site.write_config(task({process("main", "touch up; until [ -e go ]; do sleep 0.02; done")}));
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  const Ended second = site.start_run(config).wait();
  EXPECT_EQ(second.code, 75);
  EXPECT_NE(second.err.find("pid " + std::to_string(first.pid()) + " "), std::string::npos)
      << second.err;
  EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;
  // A stopped one leads too.
  first.signal(SIGSTOP);
  ASSERT_TRUE(stops(first.pid()));
  EXPECT_EQ(site.start_run(config).wait().code, 75);
  first.signal(SIGCONT);
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(first.wait().code, 0);
  EXPECT_EQ(states(site.status(), "main"), "SUCCESS");
}

TEST(Refusal, OfAnotherConfigurationUnderTheId) {
  Site site;
  const auto make = [](const std::string& command, int retries) {
    return task({process("one", "touch up; until [ -e go ]; do sleep 0.02; done"),
                 process("two", command, {{"max_failures", retries}})});
  };
  const std::string config = site.write_config(make("true", 3));
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  first.destroy();
  const Ended other = site.start_run(site.write_config(make("false", 4))).wait();
  EXPECT_EQ(other.code, 65);
  // The first difference, and where it is; not the second.
  EXPECT_NE(other.err.find("processes[1].cmdline"), std::string::npos) << other.err;
  EXPECT_EQ(other.err.find("max_failures"), std::string::npos) << other.err;
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(site.start_run(config).wait().code, 0);
}

TEST(Refusal, OfAnotherPlaceOrUser) {
  Site site;
  const std::string config =
      site.write_config(task({process("main", "touch up; until [ -e go ]; do sleep 0.02; done")}));
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  first.destroy();
  const std::string other = site.path() + "/other";
  const Ended place = site.thermos({"run", "--task-id", "t", "--sandbox", other, config});
  EXPECT_EQ(place.code, 65);
  EXPECT_NE(place.err.find("is resumed in " + site.sandbox() + ", not in " + other),
            std::string::npos)
      << place.err;
  EXPECT_FALSE(exists(other));
  if (::geteuid() == 0) {
    const Ended user = site.thermos({"run", "--task-id", "t", "--user", "nobody", config});
    EXPECT_EQ(user.code, 65);
    EXPECT_NE(user.err.find("not as nobody"), std::string::npos) << user.err;
  }
  write_file(site.in_sandbox("go"), "");
  // The same place by another name is no other, and none is needed.
  ASSERT_EQ(::symlink(site.sandbox().c_str(), other.c_str()), 0);
  EXPECT_EQ(site.thermos({"run", "--task-id", "t", "--sandbox", other, config}).code, 0);
}

TEST(Refusal, OfAnIdThatHasEnded) {
  Site site;
  const std::string config = site.write_config(task({process("main", "echo x >> ledger; exit 1")}));
  EXPECT_EQ(site.start_run(config).wait().code, 1);
  const Ended again = site.start_run(config).wait();
  EXPECT_EQ(again.code, 64);
  EXPECT_NE(again.err.find("FAILED"), std::string::npos) << again.err;
  EXPECT_EQ(read_file(site.in_sandbox("ledger")), "x\n");
}

// ---- reboot ------------------------------------------------------------------------------------

TEST(Reboot, WhatRanIsLostAndRunsAgain) {
  Site site;
  if (auto can = can_pretend_boots(); !can) GTEST_SKIP() << can.message();
  site.set_boot('1');
  const std::string config = site.write_config(task(
      {process("done", "echo done >> ledger"),
       process("main", "echo main >> ledger; [ -e rebooted ] || { echo $$ > up; exec sleep 1000; }",
               {{"min_duration", 0}}),
       process("after", "echo after >> ledger")},
      {{"done", "main", "after"}}));
  Command first = site.start_run(config);
  const pid_t main = pid_in(site.in_sandbox("up"));
  const Json run = site.run_in_state("main", "RUNNING");
  ASSERT_FALSE(run.is_null());
  first.destroy();
  // The machine goes down.
  EXPECT_TRUE(Watched(run["coordinator_pid"].get<pid_t>()).signal(SIGKILL));
  EXPECT_TRUE(Watched(main).signal(SIGKILL));
  EXPECT_TRUE(nothing_outlives());
  write_file(site.in_sandbox("rebooted"), "");
  site.set_boot('2');
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "done"), "SUCCESS");
  EXPECT_EQ(states(status, "main"), "LOST SUCCESS");
  EXPECT_EQ(runs(status, "main")[0]["origin"], "lost by reboot");
  EXPECT_EQ(states(status, "after"), "SUCCESS");
  EXPECT_EQ(read_file(site.in_sandbox("ledger")), "done\nmain\nmain\nafter\n");
}

// Power went before FORKED was on the disk: nobody can know whether it ran.
TEST(Reboot, ARunThatWasToStartStartsAndThatIsSaid) {
  Site site;
  if (auto can = can_pretend_boots(); !can) GTEST_SKIP() << can.message();
  site.set_boot('1');
  const std::string config = site.write_config(task({process(
      "main", "echo x >> ledger; [ -e rebooted ] || exec sleep 1000", {{"min_duration", 0}})}));
  Command first = site.start_run(config);
  const Json run = site.run_in_state("main", "RUNNING");
  ASSERT_FALSE(run.is_null());
  first.destroy();
  EXPECT_TRUE(Watched(run["coordinator_pid"].get<pid_t>()).signal(SIGKILL));
  EXPECT_TRUE(Watched(run["pid"].get<pid_t>()).signal(SIGKILL));
  EXPECT_TRUE(nothing_outlives());
  cut_off(site.checkpoint("t") + "/runner", 3);  // the header, ACTIVE, WAITING
  cut_off(site.checkpoint("t") + "/coordinator.main", 0);
  write_file(site.in_sandbox("rebooted"), "");
  site.set_boot('2');
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(states(site.status(), "main"), "SUCCESS");
  EXPECT_NE((ended.out + ended.err)
                .find("process main, run 0: the machine went down while it was being started"),
            std::string::npos)
      << ended.err;
}

TEST(Reboot, NothingIsSignalled) {
  Site site;
  if (auto can = can_pretend_boots(); !can) GTEST_SKIP() << can.message();
  site.set_boot('1');
  const std::string config = site.write_config(task({process(
      "main", "[ -e rebooted ] || { echo $$ > up; exec sleep 1000; }", {{"min_duration", 0}})}));
  Command first = site.start_run(config);
  const pid_t main = pid_in(site.in_sandbox("up"));
  const Json run = site.run_in_state("main", "RUNNING");
  ASSERT_FALSE(run.is_null());
  first.destroy();
  // The process stays: with its pid, its session and its very start time it stands for a stranger
  // of the boot after.
  const Watched stranger(main);
  EXPECT_TRUE(Watched(run["coordinator_pid"].get<pid_t>()).signal(SIGKILL));
  EXPECT_TRUE(ends(run["coordinator_pid"].get<pid_t>()));
  write_file(site.in_sandbox("rebooted"), "");
  site.set_boot('2');
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_TRUE(alive(main));
  EXPECT_EQ(states(site.status(), "main"), "LOST SUCCESS");
  EXPECT_TRUE(stranger.signal(SIGKILL));
}

}  // namespace
}  // namespace thermos::real
