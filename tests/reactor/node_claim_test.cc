// Who serves a node: the server of the latest leader, and one at a time.
#include "reactor/node/node_claim.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/os/identity.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

// Asks for a node on a loop of its own.
class Claimant {
 public:
  Claimant(const std::string& directory, std::uint64_t lead)
      : claim_(loop_, deadlines_, directory, lead, *read_boot_id(), [this](const Status& taken) {
          taken_ = taken;
          loop_.stop();
        }) {
    claim_.begin();
  }
  // Waits for the answer.
  Status wait() {
    while (!taken_) loop_.run();
    return *taken_;
  }
  bool waits() const { return !taken_; }
  void turn() { uv_run(loop_.raw(), UV_RUN_ONCE); }

 private:
  Loop loop_;
  TurnEnd turn_end_{loop_, [this] { loop_.end_turn(); }};
  Deadlines deadlines_{loop_};
  std::optional<Status> taken_;
  NodeClaim claim_;
};

class NodeClaimTest : public StreamFixture {
 protected:
  Status take(std::uint64_t lead) const { return Claimant(path(""), lead).wait(); }
  // Another process that takes the node and holds it until it is told to give it up, or gets
  // another signal; its pid once it has it.
  pid_t hold(std::uint64_t lead, int until = SIGHUP) const {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      sigset_t end;
      ::sigemptyset(&end);
      ::sigaddset(&end, SIGHUP);
      ::sigaddset(&end, until);
      ::sigprocmask(SIG_BLOCK, &end, nullptr);
      if (until != SIGHUP) ::sigdelset(&end, SIGHUP);
      Claimant claim(path(""), lead);
      const char word = claim.wait().ok() ? 'y' : 'n';
      if (::write(ends[1], &word, 1) != 1) ::_exit(2);
      int signal = 0;
      ::sigwait(&end, &signal);
      ::_exit(signal == until ? 0 : 1);
    }
    ::close(ends[1]);
    char word = 0;
    EXPECT_EQ(::read(ends[0], &word, 1), 1);
    EXPECT_EQ(word, 'y');
    ::close(ends[0]);
    return child;
  }
};

TEST_F(NodeClaimTest, AnEarlierOneIsToldToGiveItUp) {
  const pid_t holder = hold(5);
  EXPECT_TRUE(take(6).ok());
  int status = -1;
  EXPECT_EQ(::waitpid(holder, &status, 0), holder);
  EXPECT_EQ(status, 0);
}

TEST_F(NodeClaimTest, SoIsOneOfTheSameLeader) {
  const pid_t holder = hold(5);
  EXPECT_TRUE(take(5).ok());
  EXPECT_EQ(::waitpid(holder, nullptr, 0), holder);
}

TEST_F(NodeClaimTest, ALaterLeadersIsLeftAlone) {
  const pid_t holder = hold(7);
  const auto refused = take(6);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Busy);
  EXPECT_EQ(::waitpid(holder, nullptr, WNOHANG), 0);
  ::kill(holder, SIGHUP);
  ::waitpid(holder, nullptr, 0);
  // Nobody holds it, and it is a later leader's all the same.
  EXPECT_FALSE(take(6).ok());
  EXPECT_TRUE(take(7).ok());
}

TEST_F(NodeClaimTest, TheLoopGoesOnWhileTheNodeIsAnothersAndTheWaitCanBeGivenUp) {
  const pid_t holder = hold(5, SIGTERM);
  {
    const Claimant gives_up(path(""), 6);
    EXPECT_TRUE(gives_up.waits());
  }
  Claimant claim(path(""), 6);
  for (int turns = 0; turns < 3; ++turns) claim.turn();
  EXPECT_TRUE(claim.waits());
  ::kill(holder, SIGTERM);
  EXPECT_EQ(::waitpid(holder, nullptr, 0), holder);
  EXPECT_TRUE(claim.wait().ok());
}

TEST_F(NodeClaimTest, WithoutADirectoryItSaysWhere) {
  const Status failed = Claimant(path("none"), 1).wait();
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message.find("none/server"), std::string::npos);
}

}  // namespace
}  // namespace thermos
