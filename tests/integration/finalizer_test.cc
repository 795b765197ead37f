// Finalizers and the end of a task: in order, within their allowance, whatever the task came to.
#include <csignal>
#include <string>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

const Json kFinal = {{"final", true}};

Json final_with(const Json& more) {
  Json made = kFinal;
  made.update(more);
  return made;
}

TEST(Finalizers, RunInOrderAfterAllElse) {
  Site site;
  const Ended ended = site.run(task(
      {process("third", "echo third >> log", kFinal), process("first", "echo first >> log", kFinal),
       process("second", "echo second >> log", kFinal), process("main", "echo main >> log")},
      {{"first", "second", "third"}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read_file(site.in_sandbox("log")), "main\nfirst\nsecond\nthird\n");
  EXPECT_EQ(stages(site.status()), "ACTIVE CLEANING FINALIZING SUCCESS");
}

TEST(Finalizers, RunInParallelWithARetry) {
  Site site;
  // Each of the two waits for the other; the third needs a second try.
  const Ended ended =
      site.run(task({process("main", "true"),
                     process("one", "touch one; until [ -e two ]; do sleep 0.02; done", kFinal),
                     process("two", "touch two; until [ -e one ]; do sleep 0.02; done", kFinal),
                     process("again", "[ -e tried ] || { touch tried; exit 1; }",
                             final_with({{"max_failures", 2}, {"min_duration", 0.1}}))}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "one"), "SUCCESS");
  EXPECT_EQ(states(status, "two"), "SUCCESS");
  EXPECT_EQ(states(status, "again"), "FAILED SUCCESS");
}

TEST(Finalizers, RunAfterATaskThatFailed) {
  Site site;
  const Ended ended =
      site.run(task({process("main", "exit 7"), process("tidy", "touch tidied", kFinal)}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  EXPECT_TRUE(exists(site.in_sandbox("tidied")));
  const Json status = site.status();
  EXPECT_EQ(status["state"], "FAILED");
  EXPECT_EQ(runs(status, "main").back()["return_code"], 7);
  EXPECT_EQ(states(status, "tidy"), "SUCCESS");
}

TEST(Finalizers, OneThatFailsChangesNothing) {
  Site site;
  const Ended ended =
      site.run(task({process("main", "true"), process("bad", "exit 9", kFinal),
                     process("after-bad", "true", kFinal), process("good", "true", kFinal)},
                    {{"bad", "after-bad"}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(status["state"], "SUCCESS");
  EXPECT_EQ(states(status, "bad"), "FAILED");
  EXPECT_EQ(states(status, "after-bad"), "");
  EXPECT_EQ(states(status, "good"), "SUCCESS");
}

TEST(Finalizers, OneThatOverrunsIsKilledAndTheResultStands) {
  Site site;
  const Ended ended = site.run(task(
      {process("main", "true"), process("long", "trap '' TERM; while :; do sleep 1; done", kFinal)},
      {}, {{"finalization_wait", 0.6}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(status["state"], "SUCCESS");
  EXPECT_EQ(states(status, "long"), "KILLED");
  EXPECT_EQ(runs(status, "long").back()["return_code"], -SIGKILL);
  // Stamps are whole milliseconds.
  EXPECT_GE(time_of(status, "SUCCESS") - time_of(status, "CLEANING"), 0.599);
}

TEST(Finalizers, NoAllowanceMeansNone) {
  Site site;
  const Ended ended =
      site.run(task({process("main", "true"), process("never", "touch never", kFinal)}, {},
                    {{"finalization_wait", 0}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(states(site.status(), "never"), "");
  EXPECT_FALSE(exists(site.in_sandbox("never")));
}

// ---- cleaning ----------------------------------------------------------------------------------

TEST(Cleaning, TermIgnoredIsKilledAtTheDeadlineAndFinalizersAreSkipped) {
  Site site;
  const Ended ended = site.run(task(
      {process("stubborn", "trap '' TERM; touch ready; while :; do sleep 1; done",
               {{"ephemeral", true}}),
       process("main", "until [ -e ready ]; do sleep 0.02; done"), process("tidy", "true", kFinal)},
      {}, {{"finalization_wait", 0.6}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(stages(status), "ACTIVE CLEANING SUCCESS");
  EXPECT_EQ(states(status, "stubborn"), "KILLED");
  EXPECT_EQ(runs(status, "stubborn").back()["return_code"], -SIGKILL);
  EXPECT_GE(stop_time(status, "stubborn") - time_of(status, "CLEANING"), 0.599);
  EXPECT_EQ(states(status, "tidy"), "");
}

TEST(Cleaning, TermHonouredEndsTheTaskAsSoonAsAllHaveEnded) {
  Site site;
  // Each says goodbye in its own way: by the signal's default, and by a handler with an exit code.
  const Ended ended =
      site.run(task({process("plain", "touch plain; exec sleep 1000", {{"ephemeral", true}}),
                     process("polite",
                             "trap 'touch said-goodbye; exit 5' TERM; touch polite; "
                             "while :; do sleep 0.05; done",
                             {{"ephemeral", true}}),
                     process("main", "until [ -e plain -a -e polite ]; do sleep 0.02; done"),
                     process("tidy", "[ -e said-goodbye ]", kFinal)},
                    {}, {{"finalization_wait", 500}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(stages(status), "ACTIVE CLEANING FINALIZING SUCCESS");
  EXPECT_EQ(runs(status, "plain").back()["return_code"], -SIGTERM);
  EXPECT_EQ(runs(status, "polite").back()["return_code"], 5);
  EXPECT_EQ(states(status, "tidy"), "SUCCESS");
  EXPECT_LT(time_of(status, "SUCCESS") - time_of(status, "CLEANING"), 500);
}

TEST(Cleaning, CtrlCIsAKillWithTheTasksOwnWait) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Site site;
    Command runner = site.start_run(
        site.write_config(task({process("main",
                                        "trap 'touch heard; exit 1' TERM; touch up; "
                                        "while :; do sleep 0.05; done"),
                                process("tidy", "[ -e heard ] && touch tidied", kFinal)})));
    ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
    runner.signal(signal);
    const Ended ended = runner.wait();
    EXPECT_EQ(ended.code, 2) << ended.out << ended.err;
    EXPECT_TRUE(exists(site.in_sandbox("tidied")));
    EXPECT_EQ(stages(site.status()), "ACTIVE CLEANING FINALIZING KILLED");
  }
}

TEST(Cleaning, ASecondCtrlCEndsEverythingAtOnce) {
  Site site;
  Command runner = site.start_run(site.write_config(
      task({process("main", "trap 'touch heard' TERM; touch up; while :; do sleep 0.05; done"),
            process("tidy", "true", kFinal)},
           {}, {{"finalization_wait", 1000}})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  runner.signal(SIGINT);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("heard")));
  runner.signal(SIGINT);
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 2) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(stages(status), "ACTIVE CLEANING KILLED");
  EXPECT_EQ(runs(status, "main").back()["return_code"], -SIGKILL);
  EXPECT_EQ(states(status, "tidy"), "");
}

}  // namespace
}  // namespace thermos::real
