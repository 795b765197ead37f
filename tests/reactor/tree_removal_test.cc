#include "reactor/os/tree_removal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "reactor/os/disk_use.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

namespace fs = std::filesystem;

class Trees : public StreamFixture {
 protected:
  Status remove(const std::string& name) const { return remove_tree(path("."), name); }
};

TEST_F(Trees, EverythingInADirectoryGoes) {
  fs::create_directories(path("tree/a/b"));
  fs::create_directories(path("tree/c"));
  spit(path("tree/a/b/file"), "x");
  spit(path("tree/file"), "y");
  ASSERT_EQ(::mkfifo(path("tree/fifo").c_str(), 0600), 0);
  ASSERT_TRUE(remove("tree").ok());
  EXPECT_FALSE(fs::exists(path("tree")));
}

TEST_F(Trees, AFileGoesAndWhatIsGoneIsNoError) {
  spit(path("file"), "x");
  ASSERT_TRUE(remove("file").ok());
  EXPECT_FALSE(fs::exists(path("file")));
  EXPECT_TRUE(remove("file").ok());
}

TEST_F(Trees, WhereALinkLeadsStays) {
  fs::create_directories(path("elsewhere/deep"));
  spit(path("elsewhere/deep/file"), "x");
  fs::create_directories(path("tree"));
  fs::create_directory_symlink(path("elsewhere"), path("tree/link"));
  fs::create_symlink(path("elsewhere/deep/file"), path("tree/other"));
  fs::create_directory_symlink(path("elsewhere"), path("top"));
  ASSERT_TRUE(remove("tree").ok());
  ASSERT_TRUE(remove("top").ok());
  EXPECT_FALSE(fs::exists(fs::symlink_status(path("top"))));
  EXPECT_TRUE(fs::exists(path("elsewhere/deep/file")));
}

// Whoever owns the tree puts a link in the place of a directory that was seen as one.
TEST_F(Trees, ADirectoryThatBecomesALinkIsNotFollowed) {
  fs::create_directories(path("elsewhere"));
  spit(path("elsewhere/file"), "x");
  fs::create_directories(path("tree/a"));
  TreeRemoval removal(path("."), "tree");
  removal.step();  // it is open, and nothing in it has been looked at
  fs::rename(path("tree/a"), path("tree-a"));
  fs::create_directory_symlink(path("elsewhere"), path("tree/a"));
  while (!removal.done()) removal.step();
  EXPECT_FALSE(removal.failure()) << removal.failure()->message;
  EXPECT_FALSE(fs::exists(path("tree")));
  EXPECT_TRUE(fs::exists(path("elsewhere/file")));
}

// Deeper than a program has descriptors, and than a path may be long.
TEST_F(Trees, ADeepTreeGoes) {
  constexpr int kDepth = 3000;
  ASSERT_EQ(::mkdir(path("tree").c_str(), 0700), 0);
  Descriptor at(::open(path("tree").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < kDepth; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), "deeper", 0700), 0);
    const Descriptor file(::openat(at.get(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    at.reset(::openat(at.get(), "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(at);
  }
  at.reset();
  const Status removed = remove("tree");
  EXPECT_TRUE(removed.ok()) << removed.error().message;
  EXPECT_FALSE(fs::exists(path("tree")));
}

TEST_F(Trees, WhatItsOwnerMayNotChangeGoes) {
  fs::create_directories(path("tree/a/b"));
  spit(path("tree/a/b/file"), "x");
  ASSERT_EQ(::chmod(path("tree/a/b").c_str(), 0000), 0);
  ASSERT_EQ(::chmod(path("tree/a").c_str(), 0500), 0);
  ASSERT_TRUE(remove("tree").ok());
  EXPECT_FALSE(fs::exists(path("tree")));
}

TEST_F(Trees, AMountedFileSystemStays) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can mount";
  fs::create_directories(path("tree/a/mounted"));
  fs::create_directories(path("elsewhere"));
  spit(path("elsewhere/file"), "x");
  spit(path("tree/file"), "x");
  if (::mount(path("elsewhere").c_str(), path("tree/a/mounted").c_str(), nullptr, MS_BIND,
              nullptr) != 0) {
    GTEST_SKIP() << "mounts are not allowed here";
  }
  const Status removed = remove("tree");
  ::umount(path("tree/a/mounted").c_str());
  ASSERT_FALSE(removed.ok());
  EXPECT_NE(removed.error().message.find("tree/a/mounted: a file system is mounted there"),
            std::string::npos)
      << removed.error().message;
  EXPECT_TRUE(fs::exists(path("elsewhere/file")));
  EXPECT_FALSE(fs::exists(path("tree/file")));
  EXPECT_TRUE(remove("tree").ok());
}

TEST_F(Trees, BlocksAreCountedOnceForEachFile) {
  fs::create_directories(path("tree/a"));
  const std::uint64_t empty = disk_use_of(path("tree"));
  spit(path("tree/a/file"), std::string(1 << 20, 'x'));
  const std::uint64_t whole = disk_use_of(path("tree"));
  EXPECT_GE(whole, empty + (1 << 20));
  EXPECT_LT(whole, empty + (2 << 20));
  fs::create_hard_link(path("tree/a/file"), path("tree/other"));
  fs::create_symlink(path("tree/a/file"), path("tree/a/link"));
  EXPECT_LT(disk_use_of(path("tree")), whole + (1 << 16));
  spit(path("tree/hole"), "");
  fs::resize_file(path("tree/hole"), std::uintmax_t{1} << 30);
  EXPECT_LT(disk_use_of(path("tree")), whole + (1 << 16));
  EXPECT_EQ(disk_use_of(path("nothing")), 0U);
}

}  // namespace
}  // namespace thermos
