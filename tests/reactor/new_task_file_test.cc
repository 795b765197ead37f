// A new task's file comes into tasks/active durably, or not at all.
#include "reactor/host/new_task_file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "core/record/frame.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_host.h"
#include "reactor/os/files.h"
#include "reactor/store/task_store.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

class TaskPlacingTest : public StreamFixture {
 protected:
  TaskPlacing prepare() {
    EXPECT_TRUE(make_task_directories(paths(), "t").ok());
    auto file = prepare_active_task(paths(), "t", "{}");
    EXPECT_TRUE(file.ok()) << file.error().message;
    return {paths(), "t", std::move(*file)};
  }
  const Paths& paths() {
    if (!paths_) paths_.emplace(path("root"));
    return *paths_;
  }
  bool is_there() { return exists(paths().active_task("t")); }

 private:
  std::optional<Paths> paths_;
};

TEST_F(TaskPlacingTest, TheNameComesBehindWhatItNeeds) {
  TaskPlacing placing = prepare();
  auto files = placing.files();
  ASSERT_TRUE(files.ok()) << files.error().message;
  EXPECT_EQ(files->size(), 3U);
  EXPECT_FALSE(is_there());
  GroupSync().sync(*files);
  ASSERT_TRUE(placing.rename(*files).ok());
  EXPECT_EQ(*read_file(paths().active_task("t")), "{}");
  EXPECT_TRUE(placing.files()->empty());
  placing.drop();
  EXPECT_FALSE(is_there());
}

TEST_F(TaskPlacingTest, WhatCannotBeSyncedHasNoName) {
  TaskPlacing placing = prepare();
  auto files = placing.files();
  ASSERT_TRUE(files.ok());
  for (std::size_t i = 0; i < files->size(); ++i) {
    auto failed = *files;
    failed[i].error = EIO;
    const Status renamed = placing.rename(failed);
    ASSERT_FALSE(renamed.ok());
    EXPECT_NE(renamed.error().message.find("cannot sync the files of task t"), std::string::npos);
    EXPECT_FALSE(is_there());
  }
  placing.drop();
  EXPECT_TRUE(list_directory(paths().checkpoint_dir("t")).empty());
}

TEST_F(TaskPlacingTest, ItsCheckpointsMayBeGone) {
  TaskPlacing placing = prepare();
  std::filesystem::remove_all(paths().checkpoint_dir("t"));
  EXPECT_EQ(placing.files().error().code, ErrorCode::NotFound);
  placing.drop();
  EXPECT_FALSE(is_there());
}

// So many processes that their records do not wait for the end of a turn.
TEST_F(TaskPlacingTest, NothingIsRecordedOfATaskThatHasNoName) {
  TaskConfig task;
  task.name = "t";
  task.processes.resize(2000);
  for (std::size_t i = 0; i < task.processes.size(); ++i) {
    task.processes[i].name = "p" + std::to_string(i);
    task.processes[i].cmdline = "true";
  }
  TaskSetup setup{paths(), std::make_shared<const TaskConfig>(std::move(task)), {}};
  setup.header.task_id = "t";
  setup.header.sandbox = path("");
  struct : TaskObserver {
    void on_record(const Record& /*record*/, const History& /*history*/) override { ++records; }
    std::optional<Microseconds> on_turn(Runner& /*runner*/, Timestamp /*now*/) override {
      return std::nullopt;
    }
    int records = 0;
  } observer;
  auto reactor = Reactor::make();
  ASSERT_TRUE(reactor.ok()) << reactor.error().message;
  // Twice: who is killed then leaves nothing that would be in the way of the next.
  for (int times = 1; times <= 2; ++times) {
    const auto host = TaskHost::lead(**reactor, setup, SyncMode::Power, observer, nullptr);
    ASSERT_TRUE(host.ok()) << host.error().message;
    EXPECT_FALSE(is_there());
    EXPECT_GT(observer.records, 2000 * times);
    EXPECT_EQ(std::filesystem::file_size(paths().runner_stream("t")), kStreamHeaderBytes);
  }
}

}  // namespace
}  // namespace thermos
