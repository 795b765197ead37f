// `thermos tail` by root, of another user's task: what its processes can put in the place of their
// output. Each case prints what only root may read, or hangs, when it is followed.
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

constexpr const char* kSecret = "root's own secret\n";

class TailTraps : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root reads what others may not";
    site_.emplace();
    std::ofstream(secret()) << kSecret;
    ::chmod(secret().c_str(), 0600);
    ASSERT_EQ(::chown(site_->sandbox().c_str(), kNobody, kNobody), 0);
    site_->publish_programs();
  }

  std::string secret() const { return site_->path() + "/secret"; }
  // A task of nobody's, one process of which does that in its run's directory.
  void run_trap(const std::string& command) {
    const Json graph = task({process("p", "cd .logs/p/0; echo its own; " + command)});
    const Ended ended = site_->run(graph, "t", {"--user", "nobody"});
    ASSERT_EQ(ended.code, 0) << ended.err;
  }
  // Says what is there, in one line, and shows nothing.
  void expect_refused(const std::string& what, const Words& options = {}) {
    Words words{"tail"};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("t");
    Command tail = site_->start(words);
    ASSERT_TRUE(tail.ends_within(30'000));
    const Ended ended = tail.wait();
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(ended.code, 77) << ended.err;
    EXPECT_NE(ended.err.find(what), std::string::npos) << ended.err;
    EXPECT_NE(ended.err.find(site_->sandbox() + "/.logs"), std::string::npos) << ended.err;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  }

  std::optional<Site> site_;
};

TEST_F(TailTraps, ALink) {
  run_trap("rm stdout; ln -s " + secret() + " stdout");
  expect_refused("a symbolic link");
  expect_refused("a symbolic link", {"-f"});
}

TEST_F(TailTraps, ALinkInPlaceOfADirectory) {
  const std::string elsewhere = site_->path() + "/elsewhere";
  std::filesystem::create_directories(elsewhere + "/p/0");
  std::filesystem::copy(secret(), elsewhere + "/p/0/stdout");
  run_trap("cd ../../..; mv .logs logs; ln -s " + elsewhere + " .logs");
  expect_refused("a link");
}

TEST_F(TailTraps, ALinkInPlaceOfARunsDirectory) {
  const std::string elsewhere = site_->path() + "/elsewhere";
  std::filesystem::create_directories(elsewhere);
  std::filesystem::copy(secret(), elsewhere + "/stdout");
  run_trap("cd ..; mv 0 1; ln -s " + elsewhere + " 0");
  expect_refused("a link");
}

TEST_F(TailTraps, ALinkInPlaceOfWhatWasRotated) {
  run_trap("ln -s " + secret() + " stdout.1");
  expect_refused("stdout.1 is a symbolic link");
}

// The kernel lets nobody make one where fs.protected_hardlinks is on; so root does.
TEST_F(TailTraps, AnotherNameOfAFile) {
  run_trap("rm stdout");
  ASSERT_EQ(::link(secret().c_str(), site_->in_sandbox(".logs/p/0/stdout").c_str()), 0);
  expect_refused("Permission denied");
  ASSERT_EQ(::chmod(secret().c_str(), 0644), 0);
  expect_refused("a file that has another name");
}

TEST_F(TailTraps, AFifo) {
  run_trap("rm stdout; mkfifo stdout");
  expect_refused("a FIFO");
}

TEST_F(TailTraps, ADirectory) {
  run_trap("rm stdout; mkdir stdout");
  expect_refused("a directory");
}

TEST_F(TailTraps, SomebodyElsesFile) {
  run_trap("rm stdout");
  const std::string output = site_->in_sandbox(".logs/p/0/stdout");
  std::ofstream(output) << "theirs\n";
  ASSERT_EQ(::chown(output.c_str(), 1, 1), 0);
  expect_refused("uid 1's");
}

// Put there while it is followed: by the next run, or by a rotation.
TEST_F(TailTraps, ALinkThatComesWhileItIsFollowed) {
  const Json graph = task({process("p",
                                   "echo begin; until [ -e go ]; do sleep 0.02; done; "
                                   "cd .logs/p/0; mv stdout stdout.1; ln -s " +
                                       secret() + " stdout; echo end")});
  Command runner = site_->start_run(site_->write_config(graph), "t", {"--user", "nobody"});
  ASSERT_FALSE(site_->run_in_state("p", "RUNNING").is_null());
  ASSERT_TRUE(wait_for_text(site_->in_sandbox(".logs/p/0/stdout"), "begin"));
  const std::string shown = site_->path() + "/tail";
  Command tail({THERMOS_BIN "/thermos", "tail", "--root", site_->root(), "-f", "t"}, shown, {});
  ASSERT_TRUE(wait_for_text(shown + ".out", "begin"));
  std::ofstream(site_->in_sandbox("go")).flush();
  EXPECT_EQ(runner.wait().code, 0);
  ASSERT_TRUE(tail.ends_within(30'000));
  const Ended ended = tail.wait();
  EXPECT_EQ(ended.out.find("secret"), std::string::npos) << ended.out;
}

// Their own root, whose records name whom they like.
TEST_F(TailTraps, RecordsOfTheirOwnThatNameRoot) {
  ::mkdir(site_->root().c_str(), 0755);
  const std::string logs = site_->sandbox() + "/.logs/p/0";
  ASSERT_EQ(site_->run(task({process("p", "echo its own")})).code, 0);
  // What root ran there is as if they had forged it, once all of it is theirs.
  for (const auto& entry : std::filesystem::recursive_directory_iterator(site_->path())) {
    if (entry.path() == secret()) continue;
    ASSERT_EQ(::lchown(entry.path().c_str(), kNobody, kNobody), 0);
  }
  ASSERT_EQ(site_->thermos({"tail", "t"}).out, "its own\n");
  ASSERT_EQ(::unlink((logs + "/stdout").c_str()), 0);
  ASSERT_EQ(::rename(secret().c_str(), (logs + "/stdout").c_str()), 0);
  expect_refused("Permission denied");
}

TEST_F(TailTraps, WhatIsTheirsIsShown) {
  const Json graph = task({process(
      "p", "for i in $(seq 1 400); do echo line $i; done",
      {{"logger", {{"mode", "rotate"}, {"rotate", {{"log_size", 2048}, {"backups", 3}}}}}})});
  ASSERT_EQ(site_->run(graph, "t", {"--user", "nobody"}).code, 0);
  const Ended ended = site_->thermos({"tail", "-n", "300", "t"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 300) << ended.out;
  EXPECT_TRUE(ended.out.starts_with("line 101\n")) << ended.out.substr(0, 20);
}

}  // namespace
}  // namespace thermos::real
