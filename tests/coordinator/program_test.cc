// What a launch says of the program, its directory, its input and its end.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "rig.h"

namespace thermos {
namespace {

using rig::Job;
using rig::Server;

Launch with_arguments(Server& server, std::vector<std::string> arguments) {
  Launch launch = server.make("");
  launch.arguments = std::move(arguments);
  return launch;
}

// The same launch once more, with files of its own.
Job start_again(Server& server, Launch launch) {
  const Launch other = server.make("");
  launch.ticket = other.ticket;
  launch.process = other.process;
  return server.start(launch);
}

std::string reason_of(Server& server, const Launch& launch) {
  const auto entries = server.finish(start_again(server, launch));
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  return entries.back().reason;
}

void write_script(const std::string& path, const std::string& text, mode_t mode = 0755) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
  ASSERT_EQ(::chmod(path.c_str(), mode), 0);
}

TEST(Program, GetsItsArgumentsAsTheyAre) {
  Server server;
  const Job job = server.start(
      with_arguments(server, {"/usr/bin/printf", "<%s>", "$HOME", "a  b", "", "'*'", "\n"}));
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(rig::read_file(job.out), "<$HOME><a  b><><'*'><\n>");
}

TEST(Program, IsSearchedForInItsOwnPath) {
  Server server;
  write_script(server.directory() / "one/tool", "#!/bin/sh\necho one \"$@\"\n", 0644);
  write_script(server.directory() / "two/tool", "#!/bin/sh\necho two \"$@\"\n");
  write_script(server.directory() / "three/tool", "#!/bin/sh\necho three \"$@\"\n");
  Launch launch = with_arguments(server, {"tool", "x"});
  const std::string base = server.directory().path();
  launch.environment = {"A=PATH=/bin", "PATH=/nowhere:/etc/passwd:" + base + "/one:" + base +
                                           "/two:" + base + "/three"};
  Job job = server.start(launch);
  server.finish(job);
  EXPECT_EQ(rig::read_file(job.out), "two x\n");

  // An empty entry is the directory that it starts in.
  launch.environment = {"PATH=/nowhere:"};
  launch.directory = base + "/three";
  job = start_again(server, launch);
  server.finish(job);
  EXPECT_EQ(rig::read_file(job.out), "three x\n");
}

TEST(Program, SaysWhyItCannotRun) {
  Server server;
  const std::string base = server.directory().path();
  write_script(base + "/denied/tool", "#!/bin/sh\n", 0644);
  write_script(base + "/plain", "echo no shell\n");
  Launch launch = with_arguments(server, {"tool"});
  launch.environment = {"PATH=/nowhere:/bin"};
  EXPECT_EQ(reason_of(server, launch), "cannot run tool: it is not in PATH, /nowhere:/bin");
  launch.environment = {"PATH=" + base + "/denied:/nowhere"};
  EXPECT_EQ(reason_of(server, launch), "cannot run tool: Permission denied");
  launch.environment.clear();
  EXPECT_EQ(reason_of(server, launch), "cannot run tool: it is not in PATH, ");
  launch.arguments = {"./tool"};
  EXPECT_EQ(reason_of(server, launch), "cannot run ./tool: No such file or directory");
  launch.arguments = {base + "/plain"};
  EXPECT_EQ(reason_of(server, launch), "cannot run " + base + "/plain: Exec format error");
  launch.arguments = {"tool"};
  launch.environment = {"PATH=" + std::string(5000, 'x') + ":/bin"};
  EXPECT_TRUE(reason_of(server, launch).starts_with("cannot run tool: it is not in PATH, xxx"));
}

TEST(Subdirectory, IsMadeAndEntered) {
  Server server;
  Launch launch = server.make("pwd; echo here > mark");
  launch.subdirectory = "a//b c/./d/";
  const Job job = server.start(launch);
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(rig::read_file(job.out), server.directory() / "a/b c/d\n");
  EXPECT_EQ(rig::read_file(server.directory() / "a/b c/d/mark"), "here\n");
  EXPECT_EQ(rig::states(server.finish(start_again(server, launch))), "FORKED RUNNING SUCCESS")
      << "it is there already";
}

// A link may lead anywhere: what is there is entered, and nothing is made.
TEST(Subdirectory, NothingIsMadeBehindALink) {
  Server server;
  const std::string base = server.directory().path();
  std::filesystem::create_directories(base + "/elsewhere/there");
  std::filesystem::create_directory_symlink(base + "/elsewhere", base + "/link");
  std::filesystem::create_directory_symlink(base + "/nowhere", base + "/dangling");
  Launch launch = server.make("pwd -P");
  launch.subdirectory = "link/there";
  const Job job = server.start(launch);
  server.finish(job);
  EXPECT_EQ(rig::read_file(job.out), base + "/elsewhere/there\n");
  launch.subdirectory = "link/new";
  EXPECT_EQ(reason_of(server, launch), "cannot enter or make the directory link/new in " + base +
                                           ": No such file or directory");
  EXPECT_FALSE(rig::exists(base + "/elsewhere/new"));
  launch.subdirectory = "dangling";
  EXPECT_EQ(reason_of(server, launch), "cannot enter or make the directory dangling in " + base +
                                           ": No such file or directory");
  EXPECT_FALSE(rig::exists(base + "/nowhere"));
}

TEST(Subdirectory, SaysWhatIsInTheWay) {
  Server server;
  const std::string base = server.directory().path();
  std::ofstream(base + "/file") << "x";
  Launch launch = server.make("true");
  launch.subdirectory = "file/x";
  EXPECT_EQ(reason_of(server, launch),
            "cannot enter or make the directory file/x in " + base + ": Not a directory");
  launch.subdirectory = std::string(300, 'n');
  EXPECT_TRUE(reason_of(server, launch).ends_with(": File name too long"));
}

TEST(Subdirectory, IsMadeAsTheUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root runs processes as somebody else";
  Server server;
  const std::string base = server.directory().path();
  ASSERT_EQ(::chmod(base.c_str(), 0755), 0);
  std::filesystem::create_directory(base + "/theirs");
  ASSERT_EQ(::chown((base + "/theirs").c_str(), 65534, 65534), 0);
  Launch launch = server.make("true");
  launch.change_user = true;
  launch.uid = 65534;
  launch.gid = 65534;
  launch.subdirectory = "theirs/new";
  EXPECT_EQ(rig::states(server.run(launch)), "FORKED RUNNING SUCCESS");
  struct stat info {};
  ASSERT_EQ(::stat((base + "/theirs/new").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 65534U);
  launch.subdirectory = "roots";
  EXPECT_EQ(reason_of(server, launch),
            "cannot enter or make the directory roots in " + base + ": Permission denied");
}

TEST(Input, IsTheFile) {
  Server server;
  std::ofstream(server.directory() / "in") << "one\ntwo\n";
  Launch launch = server.make("cat; readlink /proc/self/fd/0; ls /proc/self/fd | wc -l");
  launch.input = server.directory() / "in";
  const Job job = server.start(launch);
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(rig::read_file(job.out), "one\ntwo\n" + launch.input + "\n4\n");
}

TEST(Input, MissingIsAFailureThatSaysSo) {
  Server server;
  Launch launch = server.make("true");
  launch.input = server.directory() / "nothing";
  EXPECT_EQ(reason_of(server, launch),
            "cannot open its stdin " + launch.input + ": No such file or directory");
}

// Whoever waited for the other end of a FIFO would wait with every signal held back.
TEST(Input, AFifoHoldsNobody) {
  Server server;
  Launch launch = server.make("cat; echo over");
  launch.input = server.directory() / "fifo";
  ASSERT_EQ(::mkfifo(launch.input.c_str(), 0600), 0);
  const Job job = server.start(launch);
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(rig::read_file(job.out), "over\n");
}

TEST(Input, IsReadWithTheUsersRights) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root runs processes as somebody else";
  Server server;
  ASSERT_EQ(::chmod(server.directory().path().c_str(), 0755), 0);
  Launch launch = server.make("true");
  launch.input = server.directory() / "secret";
  write_script(launch.input, "secret", 0600);
  launch.change_user = true;
  launch.uid = 65534;
  launch.gid = 65534;
  EXPECT_EQ(reason_of(server, launch),
            "cannot open its stdin " + launch.input + ": Permission denied");
}

TEST(SuccessCodes, AreASuccess) {
  Server server;
  Launch launch = server.make("exit 3");
  launch.success_codes = {0, 3};
  auto entries = server.run(launch);
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(entries.back().status.return_code, 3);
  launch.cmdline = "exit 4";
  EXPECT_EQ(rig::states(server.finish(start_again(server, launch))), "FORKED RUNNING FAILED");
  launch.success_codes = {3};
  launch.cmdline = "exit 0";
  entries = server.finish(start_again(server, launch));
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries.back().status.return_code, 0);
}

TEST(StopSignal, GoesOnInsteadOfTerm) {
  Server server;
  Launch launch = server.make(
      "trap 'echo int; exit 3' INT; trap 'echo term; exit 4' TERM; touch ready;"
      " sleep 1000 & wait");
  launch.stop_signal = SIGINT;
  const Job job = server.start(launch);
  rig::wait_until(server.directory().path(),
                  [&] { return rig::exists(server.directory() / "ready"); });
  server.signal(job, SIGTERM);
  EXPECT_EQ(server.finish(job).back().status.return_code, 3);
  EXPECT_EQ(rig::read_file(job.out), "int\n");
}

TEST(StopSignal, WhoDiesOfItDidNotFail) {
  Server server;
  Launch launch = server.make("exec sleep 1000");
  launch.stop_signal = SIGABRT;
  const Job asked = server.start(launch);
  asked.stream.wait_for_records(2);
  server.signal(asked, SIGTERM);
  const auto entries = server.finish(asked);
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING KILLED");
  EXPECT_EQ(entries.back().status.return_code, -SIGABRT);
  launch.cmdline = "kill -ABRT $$";
  EXPECT_EQ(rig::states(server.finish(start_again(server, launch))), "FORKED RUNNING FAILED")
      << "nobody asked for it";
}

// As a task asks that yields: the value of the signal is the one to send.
TEST(StopSignal, AValueStandsInsteadOfIt) {
  Server server;
  const auto ask = [](const Job& job, int value) {
    sigval instead{};
    instead.sival_int = value;
    ASSERT_EQ(::sigqueue(job.coordinator, SIGTERM, instead), 0);
  };
  const Job job = server.start(
      server.make("trap 'echo usr2; exit 3' USR2; trap 'echo term; exit 4' TERM; touch ready;"
                  " sleep 1000 & wait"));
  rig::wait_until(server.directory().path(),
                  [&] { return rig::exists(server.directory() / "ready"); });
  ask(job, SIGUSR2);
  EXPECT_EQ(server.finish(job).back().status.return_code, 3);

  const Job dies = start_again(server, server.make("exec sleep 1000"));
  dies.stream.wait_for_records(2);
  ask(dies, SIGABRT);
  EXPECT_EQ(rig::states(server.finish(dies)), "FORKED RUNNING KILLED") << "it was asked to";

  const Job odd = start_again(server, server.make("exec sleep 1000"));
  odd.stream.wait_for_records(2);
  ask(odd, 12345);  // no signal: the usual one
  EXPECT_EQ(server.finish(odd).back().status.return_code, -SIGTERM);
}

}  // namespace
}  // namespace thermos
