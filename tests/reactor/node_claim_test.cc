// Who serves a node: the server of the latest leader, and one at a time.
#include "reactor/node/node_claim.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>

#include "reactor/os/identity.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

class NodeClaimTest : public StreamFixture {
 protected:
  Result<NodeClaim> take(std::uint64_t lead) const {
    return NodeClaim::take(path(""), lead, *read_boot_id());
  }
  // Another process that takes the node and holds it until it is told to give it up; its pid once
  // it has it.
  pid_t hold(std::uint64_t lead) const {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      sigset_t hangup;
      ::sigemptyset(&hangup);
      ::sigaddset(&hangup, SIGHUP);
      ::sigprocmask(SIG_BLOCK, &hangup, nullptr);
      const auto claim = take(lead);
      const char word = claim.ok() ? 'y' : 'n';
      if (::write(ends[1], &word, 1) != 1) ::_exit(2);
      int signal = 0;
      ::sigwait(&hangup, &signal);
      ::_exit(signal == SIGHUP ? 0 : 1);
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

TEST_F(NodeClaimTest, WithoutADirectoryItSaysWhere) {
  const auto failed = NodeClaim::take(path("none"), 1, *read_boot_id());
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message.find("none/server"), std::string::npos);
}

}  // namespace
}  // namespace thermos
