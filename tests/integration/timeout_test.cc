// A run that takes longer than its timeout, with real processes, runners that die, and resumes.
#include <csignal>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

constexpr const char* kUp = "touch up; ";

TEST(Timeout, EndsTheRunAndItHasFailed) {
  Site site;
  const Ended ended = site.run(
      task({process("slow", "trap 'exit 0' TERM; sleep 1000 & wait", {{"timeout", 0.5}})}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  ASSERT_EQ(states(status, "slow"), "FAILED");
  const Json& run = runs(status, "slow")[0];
  EXPECT_EQ(run["reason"], "timed out after 0.5 s");
  EXPECT_EQ(run["origin"], "ended by the runner");
  EXPECT_EQ(run["return_code"], 0) << "it ended by SIGTERM, in its own way";
  EXPECT_GE(stop_time(status, "slow") - run["start_time"].get<double>(), 0.5);
}

TEST(Timeout, WhoDoesNotMindSigtermIsKilled) {
  Site site;
  const Ended ended = site.run(
      task({process("deaf", "trap '' TERM; while :; do sleep 1000; done", {{"timeout", 0.2}})}, {},
           {{"finalization_wait", 1}}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  ASSERT_EQ(states(status, "deaf"), "FAILED");
  EXPECT_EQ(runs(status, "deaf")[0]["return_code"], -SIGKILL);
}

TEST(Timeout, CountsAsAFailureAndTheNextRunHasItsOwnTime) {
  Site site;
  const Ended ended =
      site.run(task({process("second", "[ -e up ] && exit 0; touch up; exec sleep 1000",
                             {{"timeout", 0.3}, {"max_failures", 2}, {"min_duration", 0}})}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(states(site.status(), "second"), "FAILED SUCCESS");
}

TEST(Timeout, AFinalizerHasOneToo) {
  Site site;
  const Ended ended =
      site.run(task({process("main", "true"),
                     process("last", "exec sleep 1000", {{"final", true}, {"timeout", 0.3}})}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  ASSERT_EQ(states(status, "last"), "FAILED");
  EXPECT_EQ(runs(status, "last")[0]["reason"], "timed out after 0.3 s");
}

TEST(Timeout, AResumeKeepsTheTime) {
  Site site;
  const std::string config = site.write_config(
      task({process("slow", std::string(kUp) + "exec sleep 1000", {{"timeout", 3}})}));
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  ASSERT_FALSE(site.run_in_state("slow", "RUNNING").is_null());
  first.destroy();
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  ASSERT_EQ(states(status, "slow"), "FAILED");
  const Json& run = runs(status, "slow")[0];
  EXPECT_EQ(run["reason"], "timed out after 3 s");
  EXPECT_GE(stop_time(status, "slow") - run["start_time"].get<double>(), 3.0);
}

TEST(Timeout, WhatIsOverdueAtAResumeIsEndedAtOnce) {
  Site site;
  // "clock" tells that the time is over: nobody leads the task then.
  const std::string config = site.write_config(
      task({process("slow", std::string(kUp) + "exec sleep 1000", {{"timeout", 4}}),
            process("clock",
                    "touch ticks; until [ -e up ]; do sleep 0.02; done; sleep 5; touch late")}));
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("ticks")));
  first.destroy();
  ASSERT_TRUE(wait_for_file(site.in_sandbox("late")));
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  ASSERT_EQ(states(status, "slow"), "FAILED");
  EXPECT_EQ(runs(status, "slow")[0]["reason"], "timed out after 4 s");
}

// The runner dies when the run's end is on record, and before it has come.
TEST(Timeout, ARunnerThatDiesMeanwhileChangesNothing) {
  Site site;
  const std::string config = site.write_config(
      task({process("stubborn",
                    "trap 'touch told' TERM; touch up; while [ ! -e go ]; do sleep "
                    "0.02; done; exit 0",
                    {{"timeout", 0.3}})}));
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("told")));
  first.destroy();
  Command second = site.start_run(config);
  ASSERT_TRUE(site.leads(second));
  std::ofstream(site.in_sandbox("go")) << "";
  const Ended ended = second.wait();
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  ASSERT_EQ(states(status, "stubborn"), "FAILED");
  EXPECT_EQ(runs(status, "stubborn")[0]["reason"], "timed out after 0.3 s");
  EXPECT_EQ(runs(status, "stubborn")[0]["return_code"], 0);
  EXPECT_EQ(site.thermos({"fsck", "t"}).code, 0) << "the two streams agree";
}

}  // namespace
}  // namespace thermos::real
