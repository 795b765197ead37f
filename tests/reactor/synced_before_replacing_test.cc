// What takes the place of a file that is on the disk is on the disk itself before: after a loss of
// power a file system may have the new name and none of the new bytes.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include "core/config/load.h"
#include "reactor/fsck/fsck.h"
#include "reactor/host/foreground.h"
#include "reactor/host/open_task.h"
#include "reactor/os/account.h"
#include "reactor/os/files.h"
#include "reactor/store/compaction.h"
#include "reactor/store/replacement_file.h"
#include "reactor/store/task_store.h"
#include "reactor/store/unsynced_mark.h"
#include "stream_fixture.h"

namespace {

std::function<void(int fd)> on_sync;
bool syncs_fail = false;

int sync_as_ever(const char* name, int fd) {
  if (on_sync) on_sync(fd);
  if (syncs_fail) {
    errno = EIO;
    return -1;
  }
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
  void TearDown() override {
    on_sync = nullptr;
    syncs_fail = false;
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

// With --sync crash, of what is said to survive a loss of power only this is synced.
class SyncedWithSyncCrash : public SyncedBeforeReplacing {
 protected:
  Paths paths() const { return Paths(path("root")); }
  TaskSetup setup(const std::string& cmdline) const {
    auto task = config::load_bound(
        R"({"name": "job", "processes": [{"name": "p", "max_failures": 0, "min_duration": 0,
            "cmdline": ")" +
            cmdline + R"("}]})",
        "job.json");
    EXPECT_TRUE(task.ok()) << task.error().message;
    TaskSetup made{paths(), std::make_shared<const TaskConfig>(std::move(*task)), {}};
    made.header.task_id = "job";
    made.header.sandbox = path("");
    made.header.log_dir = path("logs");
    made.header.user = caller_account().name;
    made.header.uid = ::geteuid();
    return made;
  }
  static Result<TaskState> run(const TaskSetup& setup) {
    struct : TaskObserver {
      void on_record(const Record& /*record*/, const History& /*history*/) override {}
      std::optional<Microseconds> on_turn(Runner& /*runner*/, Timestamp /*now*/) override {
        return std::nullopt;
      }
    } nobody;
    return run_in_foreground(setup, SyncMode::Crash, nobody);
  }
  bool is_active() const { return exists(paths().active_task("job")); }
  void look_while_active() {
    on_sync = [this](int fd) {
      struct stat info {};
      if (is_active() && ::fstat(fd, &info) == 0) synced_[info.st_ino] = info.st_size;
    };
  }
};

TEST_F(SyncedWithSyncCrash, AnEndIsBeforeTheTaskIsFinished) {
  look_while_active();
  const auto ended = run(setup("true"));
  ASSERT_TRUE(ended.ok()) << ended.error().message;
  EXPECT_EQ(*ended, TaskState::Success);
  EXPECT_FALSE(is_active());
  expect_synced(paths().runner_stream("job"));
}

TEST_F(SyncedWithSyncCrash, AnEndThatIsNotOnTheDiskLeavesTheTaskActive) {
  const TaskSetup job = setup("true");
  on_sync = [](int /*fd*/) { syncs_fail = true; };
  const auto ended = run(job);
  ASSERT_FALSE(ended.ok());
  EXPECT_NE(ended.error().message.find("cannot sync it"), std::string::npos)
      << ended.error().message;
  EXPECT_TRUE(is_active());
  EXPECT_FALSE(exists(paths().finished_task("job")));

  // The kernel takes what it lost for clean: a second sync of that file says nothing.
  const std::string mark = unsynced_mark_of(paths().runner_stream("job"));
  EXPECT_TRUE(exists(mark));
  const ino_t unsynced = inode_of(paths().runner_stream("job"));
  EXPECT_FALSE(open_task(job, SyncMode::Crash, 0).ok());
  EXPECT_TRUE(exists(mark));
  EXPECT_EQ(inode_of(paths().runner_stream("job")), unsynced);

  syncs_fail = false;
  look_while_active();
  const auto opened = open_task(job, SyncMode::Crash, 0);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("has ended already: SUCCESS"), std::string::npos)
      << opened.error().message;
  EXPECT_FALSE(is_active());
  EXPECT_FALSE(exists(mark));
  EXPECT_NE(inode_of(paths().runner_stream("job")), unsynced);
  expect_synced(paths().runner_stream("job"));
}

TEST_F(SyncedWithSyncCrash, AnEndIsBeforeFsckMovesTheTask) {
  const TaskSetup job = setup("true");
  on_sync = [](int /*fd*/) { syncs_fail = true; };
  ASSERT_FALSE(run(job).ok());
  const auto repair = [&] { return check_root(paths(), {"job"}, true); };
  EXPECT_TRUE(repair().remains());
  EXPECT_TRUE(is_active()) << "its end can't be brought to the disk";
  const ino_t unsynced = inode_of(paths().runner_stream("job"));

  syncs_fail = false;
  look_while_active();
  const auto report = repair();
  for (const Finding& finding : report.findings) {
    // Its coordinator may be about to exit.
    EXPECT_TRUE(finding.repaired || finding.severity == Severity::Note ||
                finding.file == paths().coordinator_stream("job", "p"))
        << finding.file << ": " << finding.what << finding.did;
  }
  EXPECT_FALSE(is_active());
  EXPECT_FALSE(exists(unsynced_mark_of(paths().runner_stream("job"))));
  EXPECT_NE(inode_of(paths().runner_stream("job")), unsynced);
  expect_synced(paths().runner_stream("job"));
}

// Its records are the runner's, too, which may not be on the disk.
TEST_F(SyncedWithSyncCrash, ARunnersStreamIsBeforeACoordinatorsIsShortened) {
  const std::string stream = paths().coordinator_stream("job", "p");
  const std::string runner = paths().runner_stream("job");
  // Of each of the coordinator's streams, at the last sync of the runner's.
  std::map<ino_t, std::uintmax_t> longest;
  on_sync = [&](int fd) {
    struct stat info {};
    if (::fstat(fd, &info) != 0 || info.st_ino != inode_of(runner)) return;
    std::error_code none;
    longest[inode_of(stream)] = std::filesystem::file_size(stream, none);
  };
  // Until it is shortened.
  const auto ended = run(setup("test -e long && exit 0; test $(stat -c %s " + stream + ") -le " +
                               std::to_string(kLongCoordinatorStream) + " || touch long; exit 1"));
  ASSERT_TRUE(ended.ok()) << ended.error().message;
  EXPECT_EQ(*ended, TaskState::Success);
  EXPECT_LT(std::filesystem::file_size(stream), kLongCoordinatorStream);
  longest.erase(inode_of(stream));
  // More than one where the last record of a run made it long, which no process sees.
  ASSERT_FALSE(longest.empty());
  for (const auto& [inode, size] : longest) EXPECT_GT(size, kLongCoordinatorStream);
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
