// What a process finds when it starts: exactly what the launch says and nothing of ours.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "rig.h"
#include "waiting.h"

namespace thermos {
namespace {

using rig::Job;
using rig::Server;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

bool is_root() {
  return ::geteuid() == 0;
}

TEST(Process, ItsEnvironmentIsTheLaunchs) {
  Server server;
  Launch launch = server.make("env");
  launch.environment = {"PATH=/usr/bin:/bin", "HOME=/somewhere", "EMPTY=", "TEXT=a b=c \xc3\xa4"};
  const Job job = server.start(launch);
  server.finish(job);
  std::vector<std::string> own;
  for (const std::string& line : lines_of(rig::read_file(job.out))) {
    // These are bash's own.
    const std::string name = line.substr(0, line.find('='));
    if (name == "SHLVL" || name == "_" || name == "OLDPWD") continue;
    own.push_back(line);
  }
  std::vector<std::string> expected = launch.environment;
  expected.push_back("PWD=" + server.directory().path());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(own, expected);
}

TEST(Process, AnEmptyEnvironmentAndAHugeOne) {
  Server server;
  Launch launch = server.make("/usr/bin/env | /usr/bin/grep -vc '^\\(PWD\\|SHLVL\\|_\\)='");
  launch.environment.clear();
  Job job = server.start(launch);
  server.finish(job);
  EXPECT_EQ(rig::read_file(job.out), "0\n");

  launch = server.make(launch.cmdline);
  launch.environment.clear();
  for (int i = 0; i < 5000; ++i)
    launch.environment.push_back("NAME" + std::to_string(i) + "=" + std::to_string(i));
  job = server.start(launch);
  server.finish(job);
  EXPECT_EQ(rig::read_file(job.out), "5000\n");
}

TEST(Process, BashReadsBashEnv) {
  Server server;
  const std::string profile = server.directory() / "profile";
  std::ofstream(profile) << "export FROM_PROFILE=yes\n";
  Launch launch = server.make("echo $FROM_PROFILE");
  launch.environment.push_back("BASH_ENV=" + profile);
  const Job job = server.start(launch);
  server.finish(job);
  EXPECT_EQ(rig::read_file(job.out), "yes\n");
}

TEST(Process, DirectoryStdinAndOutputs) {
  Server server;
  std::filesystem::create_directory(server.directory() / "sub dir");
  Launch launch = server.make("pwd; readlink /proc/self/fd/0; cat; echo oops >&2");
  launch.directory = server.directory() / "sub dir";
  const Job job = server.start(launch);
  server.finish(job);
  EXPECT_EQ(rig::read_file(job.out), launch.directory + "\n/dev/null\n");
  EXPECT_EQ(rig::read_file(job.err), "oops\n");
}

TEST(Process, NoDescriptorOfOurs) {
  // Not close-on-exec, as a careless library in a reactor would leave one.
  const Descriptor careless(::open("/dev/zero", O_RDONLY));
  Server server(0, careless.get());
  const Job job = server.start("ls /proc/self/fd; readlink /proc/self/fd/1 /proc/self/fd/2");
  server.finish(job);
  // 3 is the directory that ls reads.
  std::vector<std::string> expected = {"0", "1", "2", "3", job.out, job.err};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(lines_of(rig::read_file(job.out)), expected);
}

TEST(Process, TheCoordinatorHoldsItsStreamAlone) {
  const Descriptor careless(::open("/dev/zero", O_RDONLY));
  Server server(0, careless.get());
  const Job job = server.start("exec sleep 1000");
  job.stream.wait_for_records(2);
  std::vector<std::string> open;
  for (const auto& [fd, target] : real::descriptors_of(job.coordinator)) open.push_back(target);
  std::sort(open.begin(), open.end());
  std::vector<std::string> expected = {"/dev/null", "/dev/null", "/dev/null", job.stream.path};
  EXPECT_EQ(open, expected);
}

TEST(Process, SignalsAreReset) {
  // What a reactor may have set, and an ordinary child would inherit.
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigaddset(&blocked, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  struct sigaction ignore {};
  struct sigaction pipe_before {};
  struct sigaction rt_before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &pipe_before);
  ::sigaction(SIGRTMIN + 3, &ignore, &rt_before);
  Server server;
  ::sigaction(SIGPIPE, &pipe_before, nullptr);
  ::sigaction(SIGRTMIN + 3, &rt_before, nullptr);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);

  const Job job = server.start("exec cat /proc/self/status");
  server.finish(job);
  for (const std::string name : {"SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"}) {
    EXPECT_NE(rig::read_file(job.out).find("\n" + name + ":\t0000000000000000\n"),
              std::string::npos)
        << name;
  }
}

TEST(Process, ItHasAGroupOfItsOwnInTheCoordinatorsSession) {
  Server server;
  const Job job = server.start("exec ps -o pid=,pgid=,sid= -p $$");
  const auto entries = server.finish(job);
  std::istringstream numbers(rig::read_file(job.out));
  pid_t pid = 0;
  pid_t group = 0;
  pid_t session = 0;
  numbers >> pid >> group >> session;
  if (numbers.fail()) {  // no ps on this machine: the kernel's own line
    const Job again = server.start("read -r a b c d g s rest < /proc/self/stat; echo $a $g $s");
    server.finish(again);
    std::istringstream fields(rig::read_file(again.out));
    fields >> pid >> group >> session;
    EXPECT_EQ(session, again.coordinator);
  } else {
    EXPECT_EQ(pid, entries[1].status.identity.pid);
    EXPECT_EQ(session, job.coordinator);
  }
  EXPECT_EQ(group, pid);
}

TEST(Process, ARoleChangeIsComplete) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  Server server;
  Launch launch = server.make("id -u; id -g; id -G; grep -E '^(Uid|Gid|CapEff)' /proc/self/status");
  launch.change_user = true;
  launch.uid = 54321;
  launch.gid = 54322;
  launch.groups = {54322, 3, 54999, 70000};
  const Job job = server.start(launch);
  const auto entries = server.finish(job);
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(rig::read_file(job.out),
            "54321\n54322\n54322 3 54999 70000\n"
            "Uid:\t54321\t54321\t54321\t54321\n"
            "Gid:\t54322\t54322\t54322\t54322\n"
            "CapEff:\t0000000000000000\n");
}

TEST(Process, TheDirectoryIsEnteredAsTheUser) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  Server server;
  Launch launch = server.make("true");
  launch.directory = server.directory() / "private";
  ::mkdir(launch.directory.c_str(), 0700);
  launch.change_user = true;
  launch.uid = launch.gid = 54321;
  const auto entries = server.run(launch);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries[2].reason,
            "cannot enter directory " + launch.directory + ": Permission denied");
}

TEST(Process, OnlyRootMayChangeRoles) {
  if (!is_root()) GTEST_SKIP() << "needs root, to be someone else";
  Server server(54321);
  Launch launch = server.make("true");
  launch.change_user = true;
  launch.uid = launch.gid = 0;
  auto entries = server.run(launch);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries[2].reason, "cannot set 0 supplementary groups: Operation not permitted");

  launch = server.make("true");
  launch.root = server.directory().path();
  entries = server.run(launch);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries[2].reason,
            "cannot change root to " + launch.root + ": Operation not permitted");
}

TEST(Process, ARootWithoutAShell) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  Server server;
  Launch launch = server.make("true");
  launch.root = server.directory().path();
  launch.directory = "/";
  auto entries = server.run(launch);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries[2].reason,
            "cannot run /bin/bash in " + launch.root + ": No such file or directory");

  launch = server.make("true");
  launch.root = server.directory().path();
  launch.directory = "/sandbox";
  entries = server.run(launch);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries[2].reason,
            "cannot enter directory /sandbox in " + launch.root + ": No such file or directory");
}

TEST(Process, ARootWithAShell) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  Server server;
  const std::string root = server.directory() / "root";
  // The shell itself knows which libraries it takes.
  const Job copy = server.start(
      "mkdir -p root/sandbox && cp -L --parents $(ldd /bin/bash |"
      " grep -o '/[^ ]*') /bin/bash root");
  ASSERT_EQ(rig::states(server.finish(copy)), "FORKED RUNNING SUCCESS") << rig::read_file(copy.err);
  Launch launch = server.make("echo $PWD; echo /*; echo here > file");
  launch.root = root;
  launch.directory = "/sandbox";
  launch.change_user = true;
  launch.uid = launch.gid = 54321;
  ::chmod((root + "/sandbox").c_str(), 0777);
  const Job job = server.start(launch);
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED RUNNING SUCCESS") << rig::read_file(job.err);
  EXPECT_EQ(rig::read_file(job.out).substr(0, 9), "/sandbox\n");
  EXPECT_EQ(rig::read_file(job.out).find("/proc"), std::string::npos);
  EXPECT_EQ(rig::read_file(root + "/sandbox/file"), "here\n");
}

TEST(Process, MuchOutputArrivesWhole) {
  Server server;
  const Job job = server.start("head -c 5000000 /dev/zero; head -c 300000 /dev/zero >&2");
  server.finish(job);
  EXPECT_EQ(std::filesystem::file_size(job.out), 5'000'000U);
  EXPECT_EQ(std::filesystem::file_size(job.err), 300'000U);
}

}  // namespace
}  // namespace thermos
