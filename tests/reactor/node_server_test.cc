// A node's server (`thermos-coordinator --serve`), told what a leader might tell it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "capnp/nodes.h"
#include "core/record/paths.h"
#include "reactor/host/shell_child.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"
#include "reactor/pipe/frame_pipe.h"
#include "stream_fixture.h"
#include "waiting.h"

namespace thermos {
namespace {

constexpr const char* kTask = R"({"name": "t", "processes": [{"name": "p", "cmdline": "true"}]})";

class NodeServerTest : public StreamFixture {
 protected:
  void start() {
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
    if (holder_ != 0) end_holder();
    if (pid_ != 0) ::waitpid(pid_, nullptr, 0);
    StreamFixture::TearDown();
  }

  // A process that has the node, and holds it whatever it is told.
  void hold_the_node() {
    const std::string directory = Paths(path("root")).on_node("n1").checkpoint_dir("t");
    std::filesystem::create_directories(directory);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    told_.reset(ends[0]);
    const Descriptor out(ends[1]);
    holder_ = ::fork();
    if (holder_ == 0) {
      sigset_t hangup;
      ::sigemptyset(&hangup);
      ::sigaddset(&hangup, SIGHUP);
      ::sigprocmask(SIG_BLOCK, &hangup, nullptr);
      const Descriptor file(::open((directory + "/server").c_str(), O_RDWR | O_CREAT, 0600));
      if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 || ::write(out.get(), "x", 1) != 1) {
        ::_exit(1);
      }
      int signal = 0;
      ::sigwait(&hangup, &signal);
      if (::write(out.get(), "x", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    until_holder_says_more();
  }
  // First that it has the node, then that it was told to give it up: the server waits for it.
  void until_holder_says_more() const {
    char word = 0;
    ASSERT_EQ(::read(told_.get(), &word, 1), 1);
  }
  void end_holder() {
    ::kill(holder_, SIGKILL);
    ::waitpid(holder_, nullptr, 0);
    holder_ = 0;
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
  pid_t holder_ = 0;
  Descriptor told_;
  std::unique_ptr<FramePipe> pipe_;
  std::vector<nodes::FromNode> said_;
};

// The leader waits for an answer.
TEST_F(NodeServerTest, AStopOfWhatWasNeverLaunchedIsAnswered) {
  start();
  send(nodes::Stop{0, 3, false, SIGTERM});
  finish();
  const auto cancelled = all<LaunchCancelled>();
  ASSERT_EQ(cancelled.size(), 1U);
  EXPECT_EQ(cancelled[0].process, 0U);
  EXPECT_EQ(cancelled[0].run, 3U);
}

TEST_F(NodeServerTest, WhatComesWhileTheNodeIsAnothersIsAnsweredWhenItIsFree) {
  hold_the_node();
  start();
  send(nodes::Stop{0, 3, false, SIGTERM});
  until_holder_says_more();
  EXPECT_TRUE(said_.empty());
  end_holder();
  finish();
  EXPECT_TRUE(std::holds_alternative<nodes::Welcome>(said_.front()));
  EXPECT_EQ(all<nodes::Told>().size(), 1U);
  EXPECT_EQ(all<LaunchCancelled>().size(), 1U);
}

TEST_F(NodeServerTest, AServerWhoseLeaderHasGoneWaitsForNoNode) {
  hold_the_node();
  start();
  until_holder_says_more();
  pipe_.reset();
  EXPECT_TRUE(real::ends(pid_));
  ::kill(pid_, SIGKILL);
}

}  // namespace
}  // namespace thermos
