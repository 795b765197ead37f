// The files of a sandbox that are sent and that come, on a real disk.
#include "reactor/pipe/sandbox_disk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "reactor/os/files.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

bool always() {
  return true;
}

class SandboxDiskTest : public StreamFixture {
 protected:
  void SetUp() override {
    StreamFixture::SetUp();
    disk_ = {path("box"), {}, "t/n1"};
    std::filesystem::create_directory(disk_.sandbox);
    std::filesystem::create_directory(path("outside"));
  }
  std::string in_box(const std::string& name) const { return disk_.sandbox + "/" + name; }
  // All names, those that begin with a dot too.
  std::vector<std::string> names(const std::string& directory) const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      all.push_back(std::filesystem::relative(entry.path(), directory));
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  std::string text(const std::string& name) const { return slurp(in_box(name)); }

  SandboxDisk disk_;
};

TEST_F(SandboxDiskTest, AFileIsSentInPieces) {
  spit(in_box("a"), "0123456789");
  ASSERT_EQ(::chmod(in_box("a").c_str(), 0751), 0);
  FileSource source(disk_);
  ASSERT_FALSE(source.open("a").has_value());
  EXPECT_EQ(source.facts().size, 10u);
  EXPECT_EQ(source.facts().mode, 0751u);
  std::vector<std::byte> bytes(4);
  std::string all;
  while (!source.at_end()) {
    std::size_t size = 0;
    ASSERT_FALSE(source.read(bytes, size).has_value());
    all.append(reinterpret_cast<const char*>(bytes.data()), size);
  }
  EXPECT_EQ(all, "0123456789");
  EXPECT_EQ(source.digest(), sha256(all));
  EXPECT_FALSE(source.has_changed());
  spit(in_box("a"), "less");
  EXPECT_TRUE(source.has_changed());
}

TEST_F(SandboxDiskTest, AFileThatBecomesShorterWhileItIsRead) {
  spit(in_box("a"), "0123456789");
  FileSource source(disk_);
  ASSERT_FALSE(source.open("a").has_value());
  spit(in_box("a"), "01");
  std::vector<std::byte> bytes(100);
  std::size_t size = 0;
  ASSERT_FALSE(source.read(bytes, size).has_value());
  EXPECT_EQ(size, 2u);
  ASSERT_FALSE(source.read(bytes, size).has_value());
  EXPECT_EQ(size, 0u);
  EXPECT_FALSE(source.at_end());
}

TEST_F(SandboxDiskTest, WhatIsNotSent) {
  spit(path("outside/secret"), "secret");
  std::filesystem::create_symlink(path("outside/secret"), in_box("link"));
  std::filesystem::create_directory_symlink("../outside", in_box("up"));
  std::filesystem::create_symlink("loop", in_box("loop"));
  std::filesystem::create_directory(in_box("dir"));
  ASSERT_EQ(::mkfifo(in_box("fifo").c_str(), 0600), 0);
  FileSource source(disk_);
  const auto why = [&source](const std::string& name) {
    const auto failed = source.open(name);
    return failed && !failed->retry ? failed->reason : "it can";
  };
  EXPECT_EQ(why("none"), "'none' is not in the sandbox");
  EXPECT_EQ(why("dir/none"), "'dir/none' is not in the sandbox");
  EXPECT_EQ(why("link"), "'link' leads out of the sandbox, or in a circle");
  EXPECT_EQ(why("up/secret"), "'up/secret' leads out of the sandbox, or in a circle");
  EXPECT_EQ(why("loop"), "'loop' leads out of the sandbox, or in a circle");
  EXPECT_EQ(why("dir"), "'dir' is no regular file");
  EXPECT_EQ(why("fifo"), "'fifo' is no regular file");
}

TEST_F(SandboxDiskTest, AFileComesWhole) {
  FileTarget target(disk_);
  ASSERT_FALSE(target.begin("a/b/c", {6, 0, 0, 0640}).has_value());
  ASSERT_FALSE(target.write("012").has_value());
  EXPECT_FALSE(exists(in_box("a/b/c")));
  ASSERT_FALSE(target.write("345").has_value());
  ASSERT_FALSE(target.place(sha256("012345"), always).has_value());
  EXPECT_EQ(text("a/b/c"), "012345");
  EXPECT_EQ(names(disk_.sandbox), (std::vector<std::string>{"a", "a/b", "a/b/c"}));
  struct stat info {};
  ASSERT_EQ(::stat(in_box("a/b/c").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  const auto mtime = info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec;
  const carry::FileFacts facts{6, mtime, info.st_ino, 0};
  EXPECT_TRUE(target.is_there("a/b/c", facts));
  EXPECT_FALSE(target.is_there("a/b/c", {6, mtime, info.st_ino + 1, 0}));
  EXPECT_FALSE(target.is_there("a/b", facts));
  EXPECT_FALSE(target.is_there("a/b/d", facts));
}

// A leader that another has superseded meanwhile.
TEST_F(SandboxDiskTest, AndNotForOneWhoMayNotPlaceIt) {
  spit(in_box("a"), "before");
  FileTarget target(disk_);
  ASSERT_FALSE(target.begin("a", {3, 0, 0, 0600}).has_value());
  ASSERT_FALSE(target.write("012").has_value());
  EXPECT_TRUE(target.place(sha256("012"), [] { return false; }).has_value());
  target.discard();
  EXPECT_EQ(text("a"), "before");
  EXPECT_EQ(names(disk_.sandbox), (std::vector<std::string>{"a"}));
}

TEST_F(SandboxDiskTest, OrNotAtAll) {
  spit(in_box("a"), "before");
  {
    FileTarget target(disk_);
    ASSERT_FALSE(target.begin("a", {3, 0, 0, 0600}).has_value());
    ASSERT_FALSE(target.write("012").has_value());
    const auto failed = target.place(sha256("other"), always);
    ASSERT_TRUE(failed.has_value());
    EXPECT_TRUE(failed->retry);
    target.discard();
    EXPECT_EQ(names(disk_.sandbox), (std::vector<std::string>{"a"}));
    ASSERT_FALSE(target.begin("a", {3, 0, 0, 0600}).has_value());
    EXPECT_EQ(names(disk_.sandbox).size(), 2u);
  }
  EXPECT_EQ(names(disk_.sandbox), (std::vector<std::string>{"a"}));
  EXPECT_EQ(text("a"), "before");
}

// An end that was killed removes nothing.
TEST_F(SandboxDiskTest, WhatIsLeftIsRemoved) {
  {
    FileTarget target(disk_);
    ASSERT_FALSE(target.begin("dir/a", {3, 0, 0, 0600}).has_value());
    const std::string aside = names(disk_.sandbox)[1];
    EXPECT_EQ(aside.find("dir/.thermos-part.a."), 0u);
    std::filesystem::copy_file(in_box(aside), path("kept"));
    target.discard();
    std::filesystem::copy_file(path("kept"), in_box(aside));
  }
  const FileTarget next(disk_);
  next.remove_leftover("other");
  next.remove_leftover("none/a");
  EXPECT_EQ(names(disk_.sandbox).size(), 2u);
  next.remove_leftover("dir/a");
  EXPECT_EQ(names(disk_.sandbox), (std::vector<std::string>{"dir"}));
}

// A leader that wakes up when another has taken its place, and receives the same file anew.
TEST_F(SandboxDiskTest, WhatAnotherReceivesIsNotTouched) {
  FileTarget late(disk_);
  ASSERT_FALSE(late.begin("a", {3, 0, 0, 0600}).has_value());
  ASSERT_FALSE(late.write("01").has_value());
  FileTarget target(disk_);
  ASSERT_FALSE(target.begin("a", {3, 0, 0, 0600}).has_value());
  EXPECT_TRUE(late.place(sha256("01"), always).has_value());
  EXPECT_FALSE(exists(in_box("a")));
  late.discard();
  ASSERT_FALSE(target.write("012").has_value());
  ASSERT_FALSE(target.place(sha256("012"), always).has_value());
  EXPECT_EQ(names(disk_.sandbox), (std::vector<std::string>{"a"}));
  EXPECT_EQ(text("a"), "012");
}

// Whoever wakes up took it for a leftover.
TEST_F(SandboxDiskTest, WhatAnotherHasRemovedIsReceivedAgain) {
  FileTarget target(disk_);
  ASSERT_FALSE(target.begin("a", {3, 0, 0, 0600}).has_value());
  ASSERT_FALSE(target.write("012").has_value());
  target.remove_leftover("a");
  const auto failed = target.place(sha256("012"), always);
  ASSERT_TRUE(failed.has_value());
  EXPECT_TRUE(failed->retry);
}

TEST_F(SandboxDiskTest, NothingIsWrittenOutside) {
  std::filesystem::create_directory_symlink(path("outside"), in_box("out"));
  std::filesystem::create_symlink(path("outside/file"), in_box("link"));
  FileTarget target(disk_);
  const auto failed = target.begin("out/a", {0, 0, 0, 0600});
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->reason, "'out/a' leads out of the sandbox, or in a circle");
  EXPECT_TRUE(target.begin("out/deep/a", {0, 0, 0, 0600}).has_value());
  ASSERT_FALSE(target.begin("link", {0, 0, 0, 0600}).has_value());
  ASSERT_FALSE(target.place(sha256(""), always).has_value());
  EXPECT_TRUE(std::filesystem::is_empty(path("outside")));
  EXPECT_FALSE(std::filesystem::is_symlink(in_box("link")));
  EXPECT_FALSE(target.begin("dir/a", {0, 0, 0, 0600}).has_value());
  target.discard();
  EXPECT_TRUE(target.begin("link/a", {0, 0, 0, 0600}).has_value());
}

}  // namespace
}  // namespace thermos
