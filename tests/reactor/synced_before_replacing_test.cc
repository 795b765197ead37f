// What takes the place of a file that is on the disk is on the disk itself before: after a loss of
// power a file system may have the new name and none of the new bytes.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <map>

#include "reactor/store/compaction.h"
#include "reactor/store/replacement_file.h"
#include "reactor/store/task_store.h"
#include "stream_fixture.h"

namespace {

std::function<void(int fd)> on_sync;

int sync_as_ever(const char* name, int fd) {
  if (on_sync) on_sync(fd);
  return reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

// In front of the C library's.
extern "C" int fdatasync(int fd) {
  return sync_as_ever("fdatasync", fd);
}
extern "C" int fsync(int fd) {
  return sync_as_ever("fsync", fd);
}

namespace thermos {
namespace {

class SyncedBeforeReplacing : public StreamFixture {
 protected:
  static ino_t inode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
  }
  void TearDown() override {
    on_sync = nullptr;
    StreamFixture::TearDown();
  }

  // The size of what is synced while the name still means the old file, by its inode.
  std::map<ino_t, off_t> synced_;
  void look(const std::string& path) {
    on_sync = [this, path, old = inode_of(path)](int fd) {
      struct stat info {};
      if (inode_of(path) == old && ::fstat(fd, &info) == 0) synced_[info.st_ino] = info.st_size;
    };
  }
  void expect_synced(const std::string& path) {
    const auto found = synced_.find(inode_of(path));
    ASSERT_NE(found, synced_.end()) << path << " was not synced before it got its name";
    EXPECT_EQ(static_cast<std::uintmax_t>(found->second), std::filesystem::file_size(path));
  }
};

TEST_F(SyncedBeforeReplacing, ACompactedStream) {
  make_stream(100);
  std::size_t records = 0;
  const auto writer = lead(path(), records);
  ASSERT_TRUE(writer.ok());
  auto stream = read_runner_stream(path());
  ASSERT_TRUE(stream.ok());
  stream->history.drop_old(5);
  look(path());
  ASSERT_TRUE(compact_stream(path(), stream->history, false).ok());
  expect_synced(path());
}

TEST_F(SyncedBeforeReplacing, ATasksConfiguration) {
  const Paths paths(path("root"));
  ASSERT_TRUE(make_task_directories(paths, "job").ok());
  ASSERT_TRUE(write_active_task(paths, "job", "{}", false).ok());
  look(paths.active_task("job"));
  ASSERT_TRUE(replace_active_task(paths, "job", R"({"name": "other"})").ok());
  expect_synced(paths.active_task("job"));
}

TEST_F(SyncedBeforeReplacing, WhatIsToReplaceIt) {
  const Paths paths(path("root"));
  ASSERT_TRUE(make_task_directories(paths, "job").ok());
  look(paths.replacement("job", 1));
  ASSERT_TRUE(write_replacement(paths, "job", {{1, {}, "why", {}, {}, {}}, {}}).ok());
  expect_synced(paths.replacement("job", 1));
}

}  // namespace
}  // namespace thermos
