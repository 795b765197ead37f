// A node's server (`thermos-coordinator --serve`), told what a leader might tell it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "capnp/nodes.h"
#include "reactor/loop/loop.h"
#include "reactor/pipe/frame_pipe.h"
#include "reactor/host/shell_child.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

constexpr const char* kTask = R"({"name": "t", "processes": [{"name": "p", "cmdline": "true"}]})";

class NodeServerTest : public StreamFixture {
 protected:
  void SetUp() override {
    StreamFixture::SetUp();
    auto child = start_shell("exec " THERMOS_BIN "/thermos-coordinator --serve");
    ASSERT_TRUE(child.ok()) << child.error().message;
    pid_ = child->pid;
    pipe_ = std::make_unique<FramePipe>(
        loop_, std::move(child->out), std::move(child->in),
        FramePipe::Hooks{[this](Bytes payload) { return take(payload); },
                         [this](const std::string&) { loop_.stop(); },
                         {}});
    greet();
  }
  void TearDown() override {
    pipe_.reset();
    ::waitpid(pid_, nullptr, 0);
    StreamFixture::TearDown();
  }

  void send(const nodes::ToNode& message) {
    pipe_->send([&](std::uint32_t& chain, std::vector<std::byte>& out) {
      return nodes::append_frame(message, chain, out);
    });
    pipe_->flush();
  }
  void greet() {
    RunnerHeader header;
    header.task_id = "t";
    header.sandbox = path("");
    header.uid = ::getuid();
    nodes::Hello hello;
    hello.lead = 1;
    hello.node = "n1";
    hello.root = path("root");
    hello.header = nodes::payload_of(header);
    const std::string configuration = kTask;
    hello.configuration_bytes = configuration.size();
    send(hello);
    send(nodes::Configuration{configuration});
    send(nodes::Seqs{0, {0}});
    send(nodes::Listed{});
  }
  Status take(Bytes payload) {
    auto said = nodes::decode_from_node(payload);
    if (!said) return said.error();
    said_.push_back(std::move(said->what));
    return Done{};
  }
  // Until it has nothing to do any more.
  void finish() {
    send(nodes::Finish{});
    loop_.run();
    ASSERT_FALSE(said_.empty());
    EXPECT_TRUE(std::holds_alternative<nodes::Quiet>(said_.back()));
  }
  template <typename T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const nodes::FromNode& one : said_) {
      if (const auto* is = std::get_if<T>(&one)) found.push_back(*is);
    }
    return found;
  }

  Loop loop_;
  pid_t pid_ = 0;
  std::unique_ptr<FramePipe> pipe_;
  std::vector<nodes::FromNode> said_;
};

// The leader waits for an answer.
TEST_F(NodeServerTest, AStopOfWhatWasNeverLaunchedIsAnswered) {
  send(nodes::Stop{0, 3, false, SIGTERM});
  finish();
  const auto cancelled = all<LaunchCancelled>();
  ASSERT_EQ(cancelled.size(), 1U);
  EXPECT_EQ(cancelled[0].process, 0U);
  EXPECT_EQ(cancelled[0].run, 3U);
}

}  // namespace
}  // namespace thermos
