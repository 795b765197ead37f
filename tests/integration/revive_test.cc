// Processes that have failed for good and are started again, and processes that are killed again
// and again, with real processes and runners that die.
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

class Revive : public ::testing::Test {
 protected:
  // Asks the task's runner: nobody listens on the daemon's socket.
  Ended order(const std::string& verb) {
    Surroundings alone;
    alone.environment["THERMOS_SOCKET"] = site_.path() + "/none";
    return site_.thermos({verb, "t", "p"}, alone);
  }
  // "p" fails for good until there is "good"; "after" needs it, and "open" keeps the task open.
  std::string config() {
    return site_.write_config(
        task({process("p", "test -e good || exit 3; while test ! -e go; do sleep 0.01; done",
                      {{"max_failures", 2}, {"min_duration", 0}}),
              process("after", "true", {{"needs", {"p"}}}),
              process("open", "while test ! -e go; do sleep 0.01; done")},
             {}, {{"max_failures", 0}}));
  }
  // Waits until `p` has run that often, and has failed for good.
  ::testing::AssertionResult fatal(std::size_t runs) {
    return wait_until(site_.checkpoint("t"), [&] {
      const Json status = site_.status();
      return !status.is_null() && status.contains("fatal") &&
             status["processes"]["p"].size() == runs;
    });
  }
  void make(const std::string& name) const { std::ofstream(site_.in_sandbox(name)).flush(); }

  Site site_;
};

TEST_F(Revive, AStartRunsAFatalProcessAgain) {
  const std::string path = config();
  Command runner = site_.start_run(path);
  ASSERT_TRUE(fatal(2));
  const Ended refused = order("stop");
  EXPECT_EQ(refused.code, 64);
  EXPECT_NE(refused.err.find("it has failed as often as it may"), std::string::npos) << refused.err;
  Ended started = order("start");
  EXPECT_EQ(started.code, 0) << started.err;
  ASSERT_TRUE(fatal(4)) << "two more";
  make("good");
  started = order("restart");
  EXPECT_EQ(started.code, 0) << started.err;
  ASSERT_FALSE(site_.run_in_state("p", "RUNNING").is_null());
  EXPECT_FALSE(site_.status().contains("fatal"));
  make("go");
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(states(site_.status(), "p"), "FAILED FAILED FAILED FAILED SUCCESS");
  EXPECT_EQ(states(site_.status(), "after"), "SUCCESS");
  EXPECT_EQ(site_.thermos({"fsck", "t"}).code, 0);
}

TEST_F(Revive, ARunnerThatDiesForgetsNeitherTheFailureNorTheStart) {
  const std::string path = config();
  Command first = site_.start_run(path);
  ASSERT_TRUE(fatal(2));
  first.destroy();
  Command second = site_.start_run(path);
  ASSERT_TRUE(site_.leads(second));
  EXPECT_TRUE(fatal(2));
  make("good");
  const Ended started = order("start");
  EXPECT_EQ(started.code, 0) << started.err;
  ASSERT_FALSE(site_.run_in_state("p", "RUNNING").is_null());
  second.destroy();
  Command third = site_.start_run(path);
  ASSERT_TRUE(site_.leads(third));
  EXPECT_FALSE(site_.status().contains("fatal"));
  make("go");
  const Ended ended = third.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(states(site_.status(), "p"), "FAILED FAILED SUCCESS");
  EXPECT_EQ(states(site_.status(), "after"), "SUCCESS");
}

TEST(MaxKills, AProcessThatIsKilledAgainAndAgainFailsForGood) {
  Site site;
  const Ended ended = site.run(task({process("p", "kill -9 $$",
                                             {{"max_kills", 3},
                                              {"max_failures", 0},
                                              {"min_duration", 0},
                                              {"backoff", {{"first", 0.1}, {"factor", 3}}}})}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "p"), "KILLED KILLED KILLED");
  EXPECT_EQ(runs(status, "p").back()["reason"], "killed 3 times, which is max_kills");
  EXPECT_EQ(runs(status, "p").back()["return_code"], -9);
  EXPECT_FALSE(runs(status, "p").front().contains("reason"));
  const auto wait = [&](std::size_t n) {
    return runs(status, "p")[n]["fork_time"].get<double>() -
           runs(status, "p")[n - 1]["stop_time"].get<double>();
  };
  EXPECT_GE(wait(1), 0.1) << "it backs off as after a failure";
  EXPECT_GE(wait(2), 0.3);
}

TEST(MaxKills, AResumeCountsOn) {
  Site site;
  const std::string config = site.write_config(
      task({process("p",
                    "test -e held || { touch held; kill -9 $$; }; "
                    "while test ! -e go; do sleep 0.01; done; kill -9 $$",
                    {{"max_kills", 2}, {"max_failures", 0}, {"min_duration", 0}})}));
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_until(site.checkpoint("t"), [&] {
    const Json status = site.status();
    return !status.is_null() && states(status, "p") == "KILLED RUNNING";
  }));
  first.destroy();
  Command second = site.start_run(config);
  ASSERT_TRUE(site.leads(second));
  std::ofstream(site.in_sandbox("go")).flush();
  EXPECT_EQ(second.wait().code, 1);
  EXPECT_EQ(states(site.status(), "p"), "KILLED KILLED");
}

}  // namespace
}  // namespace thermos::real
