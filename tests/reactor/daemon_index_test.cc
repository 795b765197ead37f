// A daemon knows which tasks there are, whoever makes and ends them, with inotify and without.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "daemon_fixture.h"
#include "past_task.h"
#include "reactor/store/stream_lock.h"
#include "reactor/store/task_store.h"

namespace thermos {
namespace {

class DaemonIndexTest : public DaemonFixture, public ::testing::WithParamInterface<bool> {
 protected:
  void start_as_asked() {
    if (!GetParam()) setenv("THERMOS_NO_INOTIFY", "1", 1);
    start();
    unsetenv("THERMOS_NO_INOTIFY");
  }
  // "ID STATE" of each, in the order told.
  std::vector<std::string> listed() const {
    control::AskList ask_list;
    std::vector<std::string> tasks;
    for (const auto& reply : ask(ask_list)) {
      if (const auto* task = std::get_if<control::TaskEntry>(&reply)) {
        tasks.push_back(task->task_id + " " + task->state);
      }
    }
    return tasks;
  }
  using Tasks = std::vector<std::string>;
};

TEST_P(DaemonIndexTest, WhatOthersMakeAndTakeAwayIsKnown) {
  make_past_directories(paths());
  put_past_task(paths(), {.id = "old", .uid = geteuid()});
  start_as_asked();
  EXPECT_EQ(listed(), Tasks{"old SUCCESS"});
  // As `thermos run` would: made, and after a while finished.
  put_past_task(paths(), {.id = "other", .uid = geteuid()});
  EXPECT_EQ(listed(), (Tasks{"old SUCCESS", "other SUCCESS"}));
  ASSERT_EQ(rename(paths().finished_task("other").c_str(), paths().active_task("other").c_str()),
            0);
  EXPECT_EQ(listed(), (Tasks{"other SUCCESS", "old SUCCESS"})) << "active ones come first";
  ASSERT_TRUE(move_to_finished(paths(), "other", false).ok());
  EXPECT_EQ(listed(), (Tasks{"old SUCCESS", "other SUCCESS"}));
  submit("own", one("true"));
  EXPECT_EQ(state_at_end("own"), "SUCCESS");
  EXPECT_EQ(listed(), (Tasks{"old SUCCESS", "other SUCCESS", "own SUCCESS"}));
  ASSERT_EQ(unlink(paths().finished_task("old").c_str()), 0);
  EXPECT_EQ(listed(), (Tasks{"other SUCCESS", "own SUCCESS"}));
}

TEST_P(DaemonIndexTest, WhatAnotherLeaderHasEndedShowsItsResult) {
  make_past_directories(paths());
  put_past_task(paths(), {.id = "theirs", .uid = geteuid()});
  ASSERT_EQ(rename(paths().finished_task("theirs").c_str(), paths().active_task("theirs").c_str()),
            0);
  auto lock = std::make_optional(lock_stream(paths().runner_stream("theirs")));
  ASSERT_TRUE(lock->ok()) << lock->error().message;
  start_as_asked();
  const auto status = [this] {
    control::AskStatus query;
    query.patterns = {"theirs"};
    const auto replies = ask(query);
    const auto* text = std::get_if<control::StatusText>(&replies.front());
    return text == nullptr ? std::string() : text->json;
  };
  EXPECT_NE(status().find("led by pid " + std::to_string(getpid())), std::string::npos) << status();
  ASSERT_TRUE(move_to_finished(paths(), "theirs", false).ok());
  lock.reset();
  EXPECT_EQ(status().find("\"error\""), std::string::npos) << status();
  EXPECT_NE(status().find("SUCCESS"), std::string::npos) << status();
  EXPECT_EQ(state_at_end("theirs"), "SUCCESS");
}

INSTANTIATE_TEST_SUITE_P(Inotify, DaemonIndexTest, ::testing::Bool());

using DaemonLimitTest = DaemonFixture;

TEST_F(DaemonLimitTest, ATaskOfTooManyProcessesIsRefusedToAllButRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be several users";
  std::ofstream(path("settings")) << R"({"processes_per_task": 2})";
  start({"--config", path("settings")});
  std::string config = R"({"processes": [)";
  for (const char* name : {"a", "b", "c"}) {
    config += std::string(config.back() == '[' ? "" : ",") + R"({"name": ")" + name +
              R"(", "cmdline": "true"})";
  }
  config += "]}";
  as_user(kNobody, [&] {
    const auto error = refused(submission("theirs", config));
    ASSERT_TRUE(error);
    EXPECT_NE(error->message.find("2"), std::string::npos) << error->message;
  });
  submit("roots", config);
  EXPECT_EQ(state_at_end("roots"), "SUCCESS");
}

}  // namespace
}  // namespace thermos
