// Where a task's output goes, when somebody put something in its way. As root, with two users who
// own files: nobody, whose task it is, and another.
#include "reactor/store/run_logs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "reactor/launch/launch_site.h"

namespace thermos {
namespace {

constexpr std::uint32_t kUser = 65534;
constexpr std::uint32_t kOther = 54321;

class RunLogsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root can act as somebody else";
    std::string name = ::testing::TempDir() + "run-logs-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    base_ = name;
    chmod(name.c_str(), 0755);
    make_directory("box", kUser, 0755);
    make_directory("victim", 0, 0755);
    header_.sandbox = path("box");
    header_.log_dir = path("box/.logs");
    owner_ = {"nobody", kUser, kUser, {kUser}, true};
  }
  void TearDown() override {
    if (!base_.empty()) std::filesystem::remove_all(base_);
  }

  std::string path(const std::string& name) const { return base_ + "/" + name; }
  void make_directory(const std::string& name, uid_t owner, mode_t mode) const {
    std::filesystem::create_directories(path(name));
    ASSERT_EQ(chmod(path(name).c_str(), mode), 0);
    ASSERT_EQ(chown(path(name).c_str(), owner, owner), 0);
  }
  void make_file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  std::string text_of(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  struct stat look(const std::string& name) const {
    struct stat info {};
    EXPECT_EQ(lstat(path(name).c_str(), &info), 0) << name;
    return info;
  }
  // What was said; empty when both files are open.
  std::string open_logs(std::uint32_t run = 0, const std::string& process = "work") {
    logs_ = {};
    const auto error = open_run_logs(header_, owner_, process, run, known_, logs_);
    EXPECT_EQ(geteuid(), 0U);
    if (!error) {
      EXPECT_TRUE(logs_.out);
      EXPECT_TRUE(logs_.err);
      return {};
    }
    EXPECT_FALSE(error->retry) << error->reason;
    return error->reason;
  }
  void refuses(const std::string& place) {
    const std::string said = open_logs();
    EXPECT_NE(said.find(path(place)), std::string::npos) << said;
    EXPECT_TRUE(std::filesystem::is_empty(path("victim")));
    EXPECT_EQ(look("victim").st_uid, 0U);
  }

  std::string base_;
  RunnerHeader header_;
  FileOwner owner_;
  KnownLogs known_;
  RunLogs logs_;
};

TEST_F(RunLogsTest, AreTheUsersAlone) {
  ASSERT_EQ(open_logs(), "");
  for (const char* directory : {"box/.logs", "box/.logs/work", "box/.logs/work/0"}) {
    EXPECT_EQ(look(directory).st_mode & 07777, 0700U) << directory;
    EXPECT_EQ(look(directory).st_uid, kUser) << directory;
  }
  for (const char* file : {"box/.logs/work/0/stdout", "box/.logs/work/0/stderr"}) {
    EXPECT_EQ(look(file).st_mode & 07777, 0600U) << file;
    EXPECT_EQ(look(file).st_uid, kUser) << file;
    EXPECT_EQ(look(file).st_gid, kUser) << file;
  }
  ASSERT_EQ(write(logs_.out.get(), "said\n", 5), 5);
  EXPECT_EQ(fcntl(logs_.out.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(text_of("box/.logs/work/0/stdout"), "said\n");
  // And once more: what is there already is as good.
  EXPECT_EQ(open_logs(), "");
  EXPECT_EQ(open_logs(1), "");
}

TEST_F(RunLogsTest, AreAsPrivateInAKnownDirectory) {
  ASSERT_EQ(open_logs(), "");
  ASSERT_TRUE(known_.at);
  logs_.with_directory = true;
  ASSERT_EQ(open_logs(0, "next"), "");
  for (const char* directory : {"box/.logs/next", "box/.logs/next/0"}) {
    EXPECT_EQ(look(directory).st_mode & 07777, 0700U) << directory;
    EXPECT_EQ(look(directory).st_uid, kUser) << directory;
  }
  for (const char* file : {"box/.logs/next/0/stdout", "box/.logs/next/0/stderr"}) {
    EXPECT_EQ(look(file).st_mode & 07777, 0600U) << file;
    EXPECT_EQ(look(file).st_uid, kUser) << file;
  }
  ASSERT_EQ(write(logs_.err.get(), "said\n", 5), 5);
  EXPECT_NE(fcntl(logs_.err.get(), F_GETFL) & O_APPEND, 0);
  EXPECT_EQ(fcntl(logs_.err.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(text_of("box/.logs/next/0/stderr"), "said\n");
}

TEST_F(RunLogsTest, FollowAKnownDirectoryNowhere) {
  ASSERT_EQ(open_logs(), "");
  std::filesystem::rename(path("box/.logs"), path("box/aside"));
  ASSERT_EQ(open_logs(0, "next"), "");
  EXPECT_FALSE(std::filesystem::exists(path("box/aside/next")));
  EXPECT_TRUE(std::filesystem::exists(path("box/.logs/next/0/stdout")));
  std::filesystem::remove_all(path("box/.logs"));
  std::filesystem::create_symlink(path("victim"), path("box/.logs"));
  refuses("box/.logs");
}

TEST_F(RunLogsTest, FollowNoLinkInAKnownDirectory) {
  ASSERT_EQ(open_logs(0, "first"), "");
  std::filesystem::create_symlink(path("victim"), path("box/.logs/work"));
  refuses("box/.logs/work");
  std::filesystem::remove(path("box/.logs/work"));
  ASSERT_EQ(open_logs(0, "first"), "");
  make_directory("box/.logs/work", kOther, 0777);
  refuses("box/.logs/work");
}

// Where others can write, each step is looked at.
TEST_F(RunLogsTest, DoNotKnowADirectoryThatOthersWriteTo) {
  ASSERT_EQ(open_logs(), "");
  ASSERT_EQ(chmod(path("box/.logs").c_str(), 0777), 0);
  ASSERT_EQ(open_logs(0, "next"), "");
  EXPECT_FALSE(known_.at);
  EXPECT_TRUE(std::filesystem::exists(path("box/.logs/next/0/stdout")));
}

TEST_F(RunLogsTest, FollowNoLinkInPlaceOfTheLogDirectory) {
  std::filesystem::create_symlink(path("victim"), path("box/.logs"));
  refuses("box/.logs");
}

TEST_F(RunLogsTest, FollowNoLinkInPlaceOfAProcessOrARun) {
  make_directory("box/.logs", kUser, 0700);
  std::filesystem::create_symlink(path("victim"), path("box/.logs/work"));
  refuses("box/.logs/work");
  std::filesystem::remove(path("box/.logs/work"));
  make_directory("box/.logs/work", kUser, 0700);
  std::filesystem::create_symlink(path("victim"), path("box/.logs/work/0"));
  refuses("box/.logs/work/0");
}

TEST_F(RunLogsTest, FollowNoLinkInPlaceOfAFile) {
  make_file("secret", "root's\n");
  make_directory("box/.logs/work/0", kUser, 0700);
  for (const char* directory : {"box/.logs", "box/.logs/work"}) {
    make_directory(directory, kUser, 0700);
  }
  std::filesystem::create_symlink(path("secret"), path("box/.logs/work/0/stdout"));
  refuses("box/.logs/work/0/stdout");
  // One that leads to nothing makes nothing either.
  std::filesystem::remove(path("box/.logs/work/0/stdout"));
  std::filesystem::create_symlink(path("victim/made"), path("box/.logs/work/0/stderr"));
  refuses("box/.logs/work/0/stderr");
  EXPECT_EQ(text_of("secret"), "root's\n");
  EXPECT_EQ(look("secret").st_uid, 0U);
}

TEST_F(RunLogsTest, WriteToNoFifoAndNoSecondNameOfAFile) {
  make_directory("box/.logs/work/0", kUser, 0700);
  for (const char* directory : {"box/.logs", "box/.logs/work"}) {
    make_directory(directory, kUser, 0700);
  }
  const std::string file = path("box/.logs/work/0/stdout");
  ASSERT_EQ(mkfifo(file.c_str(), 0666), 0);
  refuses("box/.logs/work/0/stdout");
  // With a reader it would open.
  const Descriptor reader(open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader);
  refuses("box/.logs/work/0/stdout");
  std::filesystem::remove(file);
  make_file("box/own", "the user's own\n");
  ASSERT_EQ(chown(path("box/own").c_str(), kUser, kUser), 0);
  std::filesystem::create_hard_link(path("box/own"), file);
  refuses("box/.logs/work/0/stdout");
  EXPECT_EQ(text_of("box/own"), "the user's own\n");
}

TEST_F(RunLogsTest, GoIntoNobodyElsesDirectory) {
  make_directory("box", kUser, 0777);
  make_directory("box/.logs", kOther, 0777);
  refuses("box/.logs");
}

// The whole sandbox may be a link by now, that its user put there.
TEST_F(RunLogsTest, LeadNowhereByTheSandboxsOwnPath) {
  make_directory("home", kUser, 0755);
  std::filesystem::create_symlink(path("victim"), path("home/box"));
  header_.sandbox = path("home/box");
  header_.log_dir = path("home/box/.logs");
  const std::string said = open_logs();
  EXPECT_NE(said.find("Permission denied"), std::string::npos) << said;
  EXPECT_TRUE(std::filesystem::is_empty(path("victim")));
}

// Root's directory, given to a user to run in: there root makes them a place for their logs, if the
// path to it is root's alone.
TEST_F(RunLogsTest, AreMadeInASandboxOfRoots) {
  make_directory("box", 0, 0755);
  ASSERT_EQ(open_logs(), "");
  EXPECT_EQ(look("box/.logs").st_uid, kUser);
  EXPECT_EQ(look("box").st_uid, 0U);
  make_directory("home", kOther, 0755);
  make_directory("home/box", 0, 0755);
  header_.sandbox = path("home/box");
  header_.log_dir = path("home/box/.logs");
  EXPECT_NE(open_logs().find("Permission denied"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path("home/box/.logs")));
}

// Under our own root, which the user may not be able to enter.
TEST_F(RunLogsTest, AreMadeUnderARootThatTheUserCantEnter) {
  make_directory("root", 0, 0700);
  header_.log_dir = path("root/logs/id");
  ASSERT_EQ(open_logs(), "");
  EXPECT_EQ(look("root/logs/id").st_uid, kUser);
  EXPECT_EQ(look("root/logs/id/work/0/stdout").st_uid, kUser);
  drop_run_logs(header_, owner_, "work", 0);
  EXPECT_FALSE(std::filesystem::exists(path("root/logs/id/work/0")));
}

TEST_F(RunLogsTest, AreDroppedThroughNoLink) {
  make_directory("box/.logs", kUser, 0700);
  make_directory("victim/0", 0, 0777);
  make_file("victim/0/stdout", "root's\n");
  std::filesystem::create_symlink(path("victim"), path("box/.logs/work"));
  drop_run_logs(header_, owner_, "work", 0);
  std::filesystem::remove(path("box/.logs/work"));
  make_directory("box/.logs/work", kUser, 0700);
  std::filesystem::create_symlink(path("victim/0"), path("box/.logs/work/0"));
  drop_run_logs(header_, owner_, "work", 0);
  EXPECT_EQ(text_of("victim/0/stdout"), "root's\n");
  std::filesystem::remove(path("box/.logs/work/0"));
  // But what is theirs goes.
  ASSERT_EQ(open_logs(), "");
  drop_run_logs(header_, owner_, "work", 0);
  EXPECT_FALSE(std::filesystem::exists(path("box/.logs/work/0")));
}

TEST_F(RunLogsTest, OfAMissingSandboxAreRefused) {
  std::filesystem::remove_all(path("box"));
  EXPECT_NE(open_logs().find("is gone"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path("box")));
}

TEST_F(RunLogsTest, ActsAsTheUserAndThenAsItselfAgain) {
  make_file("secret", "root's\n");
  ASSERT_EQ(chmod(path("secret").c_str(), 0600), 0);
  {
    const AsUser self(owner_);
    ASSERT_TRUE(self.holds());
    EXPECT_EQ(open(path("secret").c_str(), O_RDONLY | O_CLOEXEC), -1);
    EXPECT_EQ(errno, EACCES);
  }
  EXPECT_TRUE(Descriptor(open(path("secret").c_str(), O_RDONLY | O_CLOEXEC)));
}

}  // namespace
}  // namespace thermos
