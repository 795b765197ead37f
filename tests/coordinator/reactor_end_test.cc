// The reactor's end of the fork server: ForkServerClient.
#include "reactor/launch/fork_server_client.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>

#include "rig.h"

namespace thermos {
namespace {

using SendOutcome = ForkServerClient::SendOutcome;

// Launches through a ForkServerClient, driven by poll() as a loop would.
class ReactorEnd : public ::testing::Test {
 protected:
  ReactorEnd() : server_(std::move(*ForkServerClient::start())) {
    children_.push_back(server_.pid());
  }
  ~ReactorEnd() override {
    for (const auto& [ticket, launched] : answers_) {
      if (launched.pid > 0) ::kill(launched.pid, SIGUSR1);
    }
    for (const auto& [ticket, launched] : answers_) {
      if (launched.pid > 0) rig::wait_for(launched.pid);
    }
    for (const pid_t child : children_) ::kill(child, SIGKILL);
    for (const pid_t child : children_) rig::wait_for(child);
  }

  Launch make(const std::string& cmdline) {
    Launch launch;
    launch.ticket = ++tickets_;
    launch.process = "process" + std::to_string(launch.ticket);
    launch.seq = 1;
    launch.cmdline = cmdline;
    launch.directory = directory_.path();
    launch.chain = chain_start(4711);
    return launch;
  }

  std::string stream_of(std::uint64_t ticket) const {
    return directory_ / ("process" + std::to_string(ticket) + ".stream");
  }

  Result<SendOutcome> launch(const Launch& launch, ForkServerClient::MakeGroup make_group = {}) {
    Descriptor stream(
        ::open(stream_of(launch.ticket).c_str(), O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600));
    std::array<std::byte, kStreamHeaderBytes> header{};
    encode_stream_header({kStreamVersion, 4711}, header);
    EXPECT_EQ(::write(stream.get(), header.data(), header.size()),
              static_cast<ssize_t>(header.size()));
    EXPECT_EQ(::flock(stream.get(), LOCK_EX | LOCK_NB), 0);
    Descriptor out(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    Descriptor err(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    return server_.launch(launch, std::move(stream), std::move(out), std::move(err),
                          std::move(make_group));
  }

  // Takes answers until `count` have come in all, or the server died.
  void take_answers(std::size_t count) {
    while (answers_.size() < count && !server_.died()) {
      pollfd ready{server_.fd(), POLLIN, 0};
      if (server_.wants_write()) ready.events |= POLLOUT;
      ASSERT_EQ(::poll(&ready, 1, -1), 1);
      if ((ready.revents & POLLOUT) != 0) server_.on_writable();
      while (const auto launched = server_.receive()) answers_[launched->ticket] = *launched;
    }
  }

  void expect_success(std::uint64_t ticket) {
    const Launched launched = answers_.at(ticket);
    answers_.erase(ticket);
    ASSERT_EQ(launched.error, 0);
    ASSERT_EQ(rig::wait_for(launched.pid), 0);
    const rig::Stream stream{stream_of(ticket), kStreamHeaderBytes, chain_start(4711)};
    EXPECT_EQ(rig::states(stream.records()), "FORKED RUNNING SUCCESS");
  }

  void stop_server() {
    ASSERT_EQ(::kill(server_.pid(), SIGSTOP), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(server_.pid(), &status, WUNTRACED), server_.pid());
  }

  void kill_server() {
    ::kill(server_.pid(), SIGKILL);
    rig::wait_for(server_.pid());
    children_.erase(std::find(children_.begin(), children_.end(), server_.pid()));
  }

  rig::Directory directory_;
  ForkServerClient server_;
  std::uint64_t tickets_ = 0;
  std::map<std::uint64_t, Launched> answers_;
  std::vector<pid_t> children_;
};

// What it makes stays where it is made: so nothing reaches a server that is not in its place yet.
TEST_F(ReactorEnd, WhatIsHeldGetsItsGroupWhenItGoes) {
  int groups = 0;
  const auto make_group = [&] {
    ++groups;
    return Descriptor();
  };
  server_.hold();
  for (int i = 0; i < 2; ++i) {
    const auto outcome = launch(make("true"), make_group);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(*outcome, SendOutcome::Queued);
  }
  server_.on_writable();
  EXPECT_EQ(groups, 0);
  EXPECT_FALSE(server_.wants_write()) << "nobody is to wait for that";
  EXPECT_EQ(server_.unanswered(), 2U);
  server_.go_on();
  EXPECT_EQ(groups, 2);
  take_answers(2);
  expect_success(1);
  expect_success(2);
}

TEST_F(ReactorEnd, LaunchesAndAnswers) {
  const auto outcome = launch(make("true"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*outcome, SendOutcome::Sent);
  EXPECT_EQ(server_.unanswered(), 1U);
  take_answers(1);
  EXPECT_EQ(server_.unanswered(), 0U);
  expect_success(1);
  EXPECT_FALSE(server_.receive());
  EXPECT_FALSE(server_.died());
}

TEST_F(ReactorEnd, QueuesWhatTheSocketDoesNotTake) {
  stop_server();
  constexpr std::uint64_t kLaunches = 150;
  Launch large = make("true");
  large.cmdline = "true #";
  large.cmdline.resize(131'071, 'x');
  bool queued = false;
  for (std::uint64_t ticket = 1; ticket <= kLaunches; ++ticket) {
    Launch next = ticket % 10 == 1 ? large : make("true");
    next.ticket = ticket;
    next.process = "process" + std::to_string(ticket);
    const auto outcome = launch(next);
    ASSERT_TRUE(outcome) << outcome.error().message;
    queued = queued || *outcome == SendOutcome::Queued;
  }
  EXPECT_TRUE(queued);
  EXPECT_EQ(server_.unanswered(), kLaunches);
  const rig::Stream last{stream_of(kLaunches), 0, 0};
  EXPECT_TRUE(last.locked());
  ::kill(server_.pid(), SIGCONT);
  take_answers(kLaunches);
  for (std::uint64_t ticket = 1; ticket <= kLaunches; ++ticket) expect_success(ticket);
  EXPECT_FALSE(server_.wants_write());
}

TEST_F(ReactorEnd, ALaunchTooLargeIsRefused) {
  Launch launch_too_large = make("true");
  launch_too_large.environment.assign(10, "NAME=" + std::string(50'000, 'x'));
  const auto outcome = launch(launch_too_large);
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find("process1"), std::string::npos);
  EXPECT_FALSE((rig::Stream{stream_of(1), 0, 0}.locked()));
  EXPECT_EQ(server_.unanswered(), 0U);
}

TEST_F(ReactorEnd, ADescriptorThatCannotBePassedIsRefused) {
  const auto outcome = server_.launch(make("true"), Descriptor(), Descriptor(), Descriptor());
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find("process1"), std::string::npos);
  ASSERT_TRUE(launch(make("true")));
  take_answers(1);
  expect_success(2);
}

TEST_F(ReactorEnd, AnotherServerTakesOverWhatTheOldOneDidNot) {
  // One answered but not read, some handed over and never looked at, and the rest queued here.
  ASSERT_TRUE(launch(make("true")));
  pollfd ready{server_.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, -1), 1);
  // A coordinator that was just cloned still holds the server's socket: as long as it does, a
  // message for the dead server is taken. So wait until this one has ended.
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT), 0);
  ASSERT_NE(ended.si_pid, server_.pid());
  stop_server();
  constexpr std::uint64_t kLaunches = 100;
  std::vector<std::uint64_t> handed_over;
  std::vector<std::uint64_t> queued;
  for (std::uint64_t ticket = 2; ticket <= kLaunches; ++ticket) {
    const auto outcome = launch(make("true"));
    ASSERT_TRUE(outcome);
    (*outcome == SendOutcome::Sent ? handed_over : queued).push_back(ticket);
  }
  ASSERT_FALSE(handed_over.empty());
  ASSERT_FALSE(queued.empty());
  kill_server();
  // Still taken, though nobody is there.
  ASSERT_EQ(*launch(make("true")), SendOutcome::Queued);
  queued.push_back(kLaunches + 1);

  take_answers(2);
  EXPECT_TRUE(server_.died());
  ASSERT_EQ(answers_.size(), 1U);
  expect_success(1);

  auto lost = server_.restart();
  ASSERT_TRUE(lost) << lost.error().message;
  children_.push_back(server_.pid());
  EXPECT_FALSE(server_.died());
  // Not before the new one is where its coordinators are to be.
  EXPECT_EQ(server_.unanswered(), queued.size());
  server_.on_writable();
  std::sort(lost->begin(), lost->end());
  EXPECT_EQ(*lost, handed_over);
  // The lock of a lost one came free, so it can be launched again.
  const Descriptor probe(::open(stream_of(handed_over.front()).c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::flock(probe.get(), LOCK_EX), 0);
  take_answers(queued.size());
  for (const std::uint64_t ticket : queued) expect_success(ticket);
}

TEST_F(ReactorEnd, TheServerEndsWithItsReactor) {
  ForkServerClient other = std::move(*ForkServerClient::start());
  const pid_t pid = other.pid();
  { const ForkServerClient gone = std::move(other); }
  EXPECT_EQ(rig::wait_for(pid), 0);
}

TEST(ForkServerStart, AProgramThatTalksNonsenseIsToldToEnd) {
  rig::Directory directory;
  const std::string program = directory / "program";
  {
    std::ofstream script(program);
    script << "#!/bin/bash\nprintf nonsense >&3; cat <&3\n";
  }
  ASSERT_EQ(::chmod(program.c_str(), 0755), 0);
  auto server = ForkServerClient::start(program);
  ASSERT_TRUE(server) << server.error().message;
  pollfd ready{server->fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, -1), 1);
  EXPECT_FALSE(server->receive());
  EXPECT_TRUE(server->died());
  rig::wait_for(server->pid());  // waits for ever if it was not told
}

TEST(ForkServerStart, SaysWhatItCouldNotStart) {
  const auto server = ForkServerClient::start("/nowhere/thermos-coordinator");
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().message,
            "cannot start /nowhere/thermos-coordinator: No such file or directory");
}

}  // namespace
}  // namespace thermos
