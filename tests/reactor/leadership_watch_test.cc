#include "reactor/host/leadership_watch.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "reactor/host/leader_packet.h"
#include "reactor/os/clocks.h"
#include "reactor/os/identity.h"
#include "root_fixture.h"

namespace thermos {
namespace {

// What a wait does with what happened before it: nothing here needs a second thread. A wait that
// ought to end has time far beyond need, and one that ought not to has none.
class LeadershipWatchTest : public RootFixture {
 protected:
  void SetUp() override {
    RootFixture::SetUp();
    make_task(true, false);
    watch_.emplace(paths(), "t");
  }
  bool notices() { return watch_->wait(std::nullopt, read_clocks().boot + 60 * kSecond); }
  bool has_nothing() { return !watch_->wait(std::nullopt, read_clocks().boot); }

  std::optional<LeadershipWatch> watch_;
};

TEST_F(LeadershipWatchTest, NothingHasHappened) {
  EXPECT_TRUE(has_nothing());
}

TEST_F(LeadershipWatchTest, ALeaderLetsGoOfTheStream) {
  {
    const auto leader = StreamWriter::open(runner());
    ASSERT_TRUE(leader.ok());
    EXPECT_TRUE(has_nothing()) << "it leads";
  }
  EXPECT_TRUE(notices());
  EXPECT_TRUE(has_nothing()) << "that was said";
}

TEST_F(LeadershipWatchTest, ALeadersSocketComesAndGoes) {
  spit(beside("leader.new"), "");
  EXPECT_TRUE(has_nothing()) << "it is not ready";
  std::filesystem::rename(beside("leader.new"), beside(kLeaderSocketName));
  EXPECT_TRUE(notices());
  std::filesystem::remove(beside(kLeaderSocketName));
  EXPECT_TRUE(notices());
}

TEST_F(LeadershipWatchTest, TheTaskEnds) {
  make_task_file(true, "another");
  std::filesystem::rename(paths().active_task("another"), paths().finished_task("another"));
  EXPECT_TRUE(has_nothing()) << "that was another";
  std::filesystem::rename(paths().active_task("t"), paths().finished_task("t"));
  EXPECT_TRUE(notices());
}

TEST_F(LeadershipWatchTest, CoordinatorsAreNoNews) {
  { const auto coordinators = StreamWriter::open(coordinator()); }
  EXPECT_TRUE(has_nothing());
}

TEST_F(LeadershipWatchTest, WhatIsForgottenIsNoNews) {
  { const auto leader = StreamWriter::open(runner()); }
  watch_->forget();
  EXPECT_TRUE(has_nothing());
}

TEST_F(LeadershipWatchTest, TheLeaderDies) {
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  const auto leader = read_stat(child);
  ASSERT_TRUE(leader);
  EXPECT_FALSE(watch_->wait(leader->identity, read_clocks().boot));
  kill(child, SIGKILL);
  EXPECT_TRUE(watch_->wait(leader->identity, read_clocks().boot + 60 * kSecond));
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace thermos
