// The fork server: the lock's way from message to coordinator, and messages that are not launches.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <thread>

#include "rig.h"
#include "waiting.h"

namespace thermos {
namespace {

using rig::Handover;
using rig::Job;
using rig::Server;

void stop(pid_t pid) {
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, WUNTRACED), pid);
  ASSERT_TRUE(WIFSTOPPED(status));
}

TEST(Lock, TheMessageHoldsItAlone) {
  Server server;
  ASSERT_EQ(rig::states(server.run("true")), "FORKED RUNNING SUCCESS");
  stop(server.pid());
  Job job;
  job.launch = server.make("exec sleep 1000");
  Handover handover = server.open(job);
  server.send(job.launch, std::move(handover));
  // Nobody but the queued message has it now.
  EXPECT_TRUE(job.stream.locked());
  ::kill(server.pid(), SIGCONT);
  job.coordinator = server.receive().pid;
  EXPECT_TRUE(job.stream.locked());
  job.stream.wait_for_records(2);
  EXPECT_TRUE(job.stream.locked());
  server.signal(job, SIGTERM);
  server.finish(job);
  EXPECT_FALSE(job.stream.locked());
}

TEST(Lock, IsFreeWhenTheServerDiesWithTheMessage) {
  Server server;
  stop(server.pid());
  Job job;
  job.launch = server.make("true");
  server.send(job.launch, server.open(job));
  EXPECT_TRUE(job.stream.locked());
  server.kill_server();
  const Descriptor probe(::open(job.stream.path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::flock(probe.get(), LOCK_EX), 0);  // waits, for ever if it never comes free
  EXPECT_EQ(job.stream.records().size(), 0U);
}

TEST(Lock, OutlivesTheServer) {
  Server server;
  const Job job = server.start("exec sleep 1000");
  job.stream.wait_for_records(2);
  server.kill_server();
  EXPECT_TRUE(job.stream.locked());
  server.signal(job, SIGTERM);
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED RUNNING KILLED");
}

TEST(Lock, HasNoGap) {
  Server server;
  for (int i = 0; i < 20; ++i) {
    Job job;
    job.launch = server.make("true");
    Handover handover = server.open(job);
    std::string seen;
    std::thread prober([&] {
      const Descriptor probe(::open(job.stream.path.c_str(), O_RDONLY | O_CLOEXEC));
      while (::flock(probe.get(), LOCK_EX | LOCK_NB) != 0) std::this_thread::yield();
      seen = rig::states(job.stream.records());
    });
    server.send(job.launch, std::move(handover));
    job.coordinator = server.receive().pid;
    prober.join();
    // Whoever gets the lock finds a whole run: it was never free before the last record.
    EXPECT_EQ(seen, "FORKED RUNNING SUCCESS");
    server.finish(job);
  }
}

TEST(Lock, IsNotTheProcesss) {
  Server server;
  const Job job = server.start("exec sleep 1000");
  const auto entries = job.stream.wait_for_records(2);
  ::kill(job.coordinator, SIGKILL);
  const Descriptor probe(::open(job.stream.path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::flock(probe.get(), LOCK_EX), 0);
  // The coordinator is gone and the process is not, which is why a lost run must be swept.
  EXPECT_TRUE(rig::alive(entries[1].status.identity.pid));
  ::kill(entries[1].status.identity.pid, SIGKILL);
  EXPECT_EQ(rig::wait_for(job.coordinator), SIGKILL);
}

TEST(ForkServer, EndsWhenTheReactorDoes) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  const pid_t pid = rig::start_program(theirs.get(), 0, -1);
  theirs.reset();
  ours.reset();
  EXPECT_EQ(rig::wait_for(pid), 0);
}

// Also what the server had not looked at when the reactor died.
TEST(ForkServer, WhatEndsWithTheReactorEndsWithOneThatIsDeadAlready) {
  // The server, and what it makes, become ours.
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  rig::Directory directory;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor in(ends[0]);
  Descriptor out(ends[1]);
  const std::string stream = directory / "stream";
  const pid_t reactor = ::fork();
  if (reactor == 0) {
    Server server;
    server.run("true");
    stop(server.pid());
    Job job;
    job.launch = server.make("exec sleep 2");
    job.launch.directory = directory.path();
    job.launch.ends_with_us = true;
    Handover handover = server.open(job, stream);
    server.send(job.launch, std::move(handover));
    std::filesystem::remove_all(server.directory().path());
    const pid_t pid = server.pid();
    ::_exit(::write(out.get(), &pid, sizeof pid) == sizeof pid ? 0 : 1);
  }
  out.reset();
  pid_t server = 0;
  ASSERT_EQ(::read(in.get(), &server, sizeof server), static_cast<ssize_t>(sizeof server));
  ASSERT_EQ(rig::wait_for(reactor), 0);
  ::kill(server, SIGCONT);
  rig::wait_for(server);
  // Its coordinator is the only child that is left.
  ASSERT_GT(::waitpid(-1, nullptr, 0), 0);
  const rig::Stream records{stream, kStreamHeaderBytes, chain_start(4711)};
  EXPECT_TRUE(rig::states(records.records()).ends_with("KILLED"));
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(ForkServer, DoesNothingByHand) {
  rig::Directory directory;
  const Descriptor file(::open((directory / "file").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  const int status = rig::wait_for(rig::start_program(file.get(), 0, -1));
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 64);
}

TEST(ForkServer, RefusesAWrongNumberOfDescriptors) {
  Server server;
  Job job;
  job.launch = server.make("true");
  Handover handover = server.open(job);
  const auto message = encode(job.launch);
  ASSERT_TRUE(message);
  const int stream = handover.stream.get();
  const int out = handover.out.get();
  for (const std::vector<int>& descriptors : {std::vector<int>{},
                                              {stream},
                                              {stream, out},
                                              {stream, out, out, out, out},
                                              std::vector<int>(40, stream)}) {
    server.send_bytes(*message, descriptors);
    const Launched launched = server.receive();
    EXPECT_EQ(launched.ticket, job.launch.ticket);
    EXPECT_EQ(launched.pid, 0);
    EXPECT_EQ(launched.error, EBADMSG);
  }
  // None of those descriptors was kept: the lock goes with our own.
  handover = {};
  EXPECT_FALSE(job.stream.locked());
  EXPECT_EQ(rig::states(server.run("true")), "FORKED RUNNING SUCCESS");
}

TEST(ForkServer, IgnoresWhatIsNotALaunch) {
  Server server;
  Job job;
  job.launch = server.make("true");
  Handover handover = server.open(job);
  const std::vector<int> descriptors = {handover.stream.get(), handover.out.get(),
                                        handover.err.get()};
  server.send_bytes(std::vector<std::byte>(1, std::byte{0}), descriptors);
  server.send_bytes(std::vector<std::byte>(4096, std::byte{0xff}), descriptors);
  auto message = *encode(job.launch);
  message.resize(message.size() / 2);
  server.send_bytes(message, descriptors);
  // Longer than any launch, so it arrives cut.
  message = *encode(job.launch);
  message.resize(kMaxLaunchBytes + 8);
  server.send_bytes(message, descriptors);
  handover = {};
  EXPECT_EQ(rig::states(server.run("true")), "FORKED RUNNING SUCCESS");
  EXPECT_FALSE(job.stream.locked());
}

TEST(ForkServer, KeepsNoDescriptorOfALaunch) {
  Server server;
  const Job job = server.start("exec sleep 1000");
  EXPECT_EQ(rig::states(server.run("true")), "FORKED RUNNING SUCCESS");
  std::size_t open = 0;
  for (const auto& [fd, target] : real::descriptors_of(server.pid())) {
    std::error_code gone;
    open += std::filesystem::is_directory(target, gone) ? 0 : 1;
  }
  EXPECT_EQ(open, 4U);  // 0, 1, 2 and the socket
}

// A user whom nobody else is, as the kernel counts the processes of a user.
uid_t own_user() {
  return 20'000 + static_cast<uid_t>(::getpid()) % 40'000;
}

// Its place is what another waits for.
TEST(ForkServer, ACoordinatorThatGetsNoProcessForItsShellGivesUp) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be someone else";
  rlimit before{};
  ::getrlimit(RLIMIT_NPROC, &before);
  const rlimit limit{2, before.rlim_max};
  ::setrlimit(RLIMIT_NPROC, &limit);
  Server server(own_user());
  ::setrlimit(RLIMIT_NPROC, &before);
  const auto entries = server.run("true");
  ASSERT_EQ(rig::states(entries), "FORKED LOST");
  EXPECT_FALSE(entries[1].status.return_code);
  EXPECT_NE(entries[1].reason.find("Resource temporarily unavailable"), std::string::npos)
      << entries[1].reason;
}

TEST(ForkServer, SaysWhenThereAreNoPids) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be someone else";
  // Its user may have one process, and has it in the server itself.
  rlimit before{};
  ::getrlimit(RLIMIT_NPROC, &before);
  rlimit limit{1, before.rlim_max};
  ::setrlimit(RLIMIT_NPROC, &limit);
  const uid_t user = own_user();
  Server server(user);
  ::setrlimit(RLIMIT_NPROC, &before);
  Job job;
  job.launch = server.make("true");
  server.send(job.launch, server.open(job));
  const Launched refused = server.receive();
  EXPECT_EQ(refused.ticket, job.launch.ticket);
  EXPECT_EQ(refused.pid, 0);
  EXPECT_EQ(refused.error, EAGAIN);
  // The lock is free by the time we hear of it, so the launch can be tried again.
  EXPECT_FALSE(job.stream.locked());
  // The same user may give it more.
  const pid_t same_user = ::fork();
  if (same_user == 0) {
    limit.rlim_cur = before.rlim_max;
    if (::setgid(user) != 0 || ::setuid(user) != 0) ::_exit(1);
    ::_exit(::prlimit(server.pid(), RLIMIT_NPROC, &limit, nullptr) == 0 ? 0 : 2);
  }
  ASSERT_EQ(rig::wait_for(same_user), 0);
  EXPECT_EQ(rig::states(server.run("true")), "FORKED RUNNING SUCCESS");
}

}  // namespace
}  // namespace thermos
