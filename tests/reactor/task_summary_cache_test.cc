// What a daemon remembers of the streams that it has read.
#include "reactor/daemon/task_summary_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>

#include "reactor/store/task_store.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

class TaskSummaryCacheTest : public StreamFixture {
 protected:
  void SetUp() override {
    StreamFixture::SetUp();
    ASSERT_TRUE(make_task_directories(paths(), "job").ok());
    auto writer = StreamWriter::open(stream());
    ASSERT_TRUE(writer.ok());
    append_all(*writer, records(3));
  }
  Paths paths() const { return Paths(path("root")); }
  std::string stream() const { return paths().runner_stream("job"); }

  // Whoever reads the file again does not find a stream. It looks as it did: of its size, its
  // inode and its time.
  void damage_unseen() const {
    struct stat before {};
    ASSERT_EQ(::stat(stream().c_str(), &before), 0);
    const Descriptor file(::open(stream().c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::pwrite(file.get(), "damaged!", 8, 0), 8);
    const std::array<timespec, 2> times = {before.st_atim, before.st_mtim};
    ASSERT_EQ(::futimens(file.get(), times.data()), 0);
  }
};

TEST_F(TaskSummaryCacheTest, AStreamIsReadOnceUntilItChanges) {
  const Paths root = paths();
  TaskSummaryCache cache(root);
  EXPECT_TRUE(cache.look("job").readable);
  damage_unseen();
  EXPECT_TRUE(cache.look("job").readable) << "it was read again";
  EXPECT_TRUE(cache.was_begun("job"));
  std::filesystem::resize_file(stream(), std::filesystem::file_size(stream()) + 8);
  EXPECT_FALSE(cache.look("job").readable);
}

TEST_F(TaskSummaryCacheTest, WhatHasEndedIsNotReadAtAll) {
  const Paths root = paths();
  TaskSummaryCache cache(root);
  TaskSummary ended;
  ended.readable = true;
  ended.begun = true;
  ended.state = TaskState::Success;
  cache.learn("job", ended);
  EXPECT_EQ(cache.look("job").state, TaskState::Success);
  cache.forget("job");
  EXPECT_EQ(cache.look("job").state, TaskState::Active);
}

}  // namespace
}  // namespace thermos
