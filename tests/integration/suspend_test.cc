// A machine that is suspended: the clock that counts that time (boottime) and the one that does not
// (monotonic) come apart. Here by a time namespace that a new runner gets, the other boottime being
// what it would see had the machine slept since; with a negative one it would see less than is on
// record, as no real clock may show.
//
// What is due is due by boottime, and nobody waits longer than they were told, whatever it says.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "task_run.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

namespace thermos::real {
namespace {

// Far above what any test takes, and far below the sleep.
constexpr int kSuspendPatience = 20'000;
constexpr long kSleep = 1'000'000;
constexpr long kLongWait = 100'000;

// The program is executed in a time namespace whose boottime is that far ahead.
Surroundings after_sleep(long seconds) {
  Surroundings made;
  made.before_exec = [seconds] {
    if (::unshare(CLONE_NEWTIME) != 0) ::_exit(126);
    std::ofstream offsets("/proc/self/timens_offsets");
    if (!(offsets << "boottime " << seconds << " 0\n").flush()) ::_exit(126);
  };
  return made;
}

// As far back as there is anything.
long since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec;
}

class Suspend : public ::testing::Test {
 protected:
  void SetUp() override {
    const Ended tried = site_.thermos({"schema"}, after_sleep(kSleep));
    if (tried.code == 126) GTEST_SKIP() << "no time namespaces here";
    ASSERT_EQ(tried.code, 0) << tried.err;
  }
  Ended resume(const std::string& config, long slept) {
    Command resumed = site_.start(site_.run_words(config, "t"), after_sleep(slept));
    EXPECT_TRUE(resumed.ends_within(kSuspendPatience))
        << "it still waits: " << site_.status().dump(1);
    if (!resumed.ends_within(0)) resumed.destroy();
    return resumed.pid() == 0 ? Ended{-SIGKILL, "", ""} : resumed.wait();
  }
  // Fails once, and is to wait that long.
  std::string waiting_config(long min_duration) {
    return site_.write_config(
        task({process("main", "[ -e tried ] || { touch tried; exit 1; }",
                      {{"max_failures", 2}, {"min_duration", min_duration}})}));
  }
  // Its finalizer never ends, and ends well for nobody's asking.
  std::string finalizing_config(long wait) {
    return site_.write_config(
        task({process("main", "true"),
              process("last", "exec sleep 100000", {{"final", true}, {"min_duration", 0}})},
             {}, {{"finalization_wait", wait}}));
  }
  // A runner that is killed as soon as the run of `process` is `state`, with what it runs: in
  // another time namespace a process has another start time, so nobody there would touch it.
  void run_until(const std::string& config, const std::string& process, const std::string& state) {
    Command first = site_.start_run(config);
    const Json run = site_.run_in_state(process, state);
    ASSERT_FALSE(run.is_null());
    first.destroy();
    if (state != "RUNNING") return;
    EXPECT_TRUE(Watched(run["coordinator_pid"].get<pid_t>()).signal(SIGKILL));
    EXPECT_TRUE(Watched(run["pid"].get<pid_t>()).signal(SIGKILL));
    EXPECT_TRUE(nothing_outlives());
  }

  Site site_;
};

TEST_F(Suspend, CountsForAMinDuration) {
  const std::string config = waiting_config(kLongWait);
  run_until(config, "main", "FAILED");
  if (HasFatalFailure()) return;
  ASSERT_TRUE(wait_for_file(site_.in_sandbox("tried")));
  EXPECT_EQ(resume(config, kSleep).code, 0);
  EXPECT_EQ(states(site_.status(), "main"), "FAILED SUCCESS");
}

TEST_F(Suspend, CountsForAFinalization) {
  const std::string config = finalizing_config(kLongWait);
  run_until(config, "last", "RUNNING");
  if (HasFatalFailure()) return;
  const Ended ended = resume(config, kSleep);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(runs(site_.status(), "last").front()["state"], "LOST");
}

// Less time is over by the clock than was when the run ended.
TEST_F(Suspend, AClockThatIsBehindMakesNobodyWaitLonger) {
  const std::string config = waiting_config(4);
  run_until(config, "main", "FAILED");
  if (HasFatalFailure()) return;
  ASSERT_TRUE(wait_for_file(site_.in_sandbox("tried")));
  EXPECT_EQ(resume(config, 1 - since_boot()).code, 0);
  EXPECT_EQ(states(site_.status(), "main"), "FAILED SUCCESS");
}

TEST_F(Suspend, AClockThatIsBehindMakesNoFinalizationLonger) {
  const std::string config = finalizing_config(1);
  run_until(config, "last", "RUNNING");
  if (HasFatalFailure()) return;
  EXPECT_EQ(resume(config, 1 - since_boot()).code, 0);
  EXPECT_EQ(runs(site_.status(), "last").front()["state"], "LOST");
}

// A runner that was frozen over the time at which something was due.
TEST_F(Suspend, AFrozenRunnerDoesItWhenItThaws) {
  const std::string config = waiting_config(1);
  Command runner = site_.start_run(config);
  ASSERT_TRUE(wait_for_file(site_.in_sandbox("tried")));
  ASSERT_FALSE(site_.run_in_state("main", "FAILED").is_null());
  runner.signal(SIGSTOP);
  ASSERT_TRUE(stops(runner.pid()));
  EXPECT_FALSE(runner.ends_within(1'500));
  runner.signal(SIGCONT);
  ASSERT_TRUE(runner.ends_within(kSuspendPatience));
  EXPECT_EQ(runner.wait().code, 0);
  EXPECT_EQ(states(site_.status(), "main"), "FAILED SUCCESS");
}

}  // namespace
}  // namespace thermos::real
