#include "core/record/paths.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/text.h"

namespace thermos {
namespace {

TEST(PathsTest, EverythingLiesUnderTheRoot) {
  const Paths paths("/r");
  EXPECT_EQ(paths.root(), "/r");
  EXPECT_EQ(paths.active_task("t"), "/r/tasks/active/t");
  EXPECT_EQ(paths.finished_task("t"), "/r/tasks/finished/t");
  EXPECT_EQ(paths.checkpoint_dir("t"), "/r/checkpoints/t");
  EXPECT_EQ(paths.runner_stream("t"), "/r/checkpoints/t/runner");
  EXPECT_EQ(paths.coordinator_stream("t", "p"), "/r/checkpoints/t/coordinator.p");
  EXPECT_EQ(paths.replacement("t", 3), "/r/checkpoints/t/replacement.3");
  EXPECT_EQ(paths.leader_socket("t"), "/r/checkpoints/t/leader");
  EXPECT_EQ(paths.default_log_dir("t"), "/r/logs/t");
  EXPECT_EQ(paths.default_sandbox("t"), "/r/sandboxes/t");
  EXPECT_EQ(run_log_dir("/logs", "p", 12), "/logs/p/12");
}

TEST(PathsTest, AStreamsNameTellsItsProcess) {
  EXPECT_EQ(process_of_file(coordinator_file("a.b")), "a.b");
  EXPECT_EQ(process_of_file("coordinator."), "");
  EXPECT_EQ(process_of_file("runner"), "");
  EXPECT_EQ(process_of_file("xcoordinator.a"), "");
}

TEST(PathsTest, ANodesServerKeepsItsCheckpointsBesideThoseOfOthers) {
  const Paths paths("/r");
  const Paths there = paths.on_node("n1");
  EXPECT_EQ(there.root(), "/r");
  EXPECT_EQ(there.checkpoint_dir("t"), paths.checkpoint_dir("t") + "/nodes/n1");
  EXPECT_NE(there.runner_stream("t"), paths.on_node("n2").runner_stream("t"));
}

TEST(TaskIdRule, HoldsForEveryByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string id = std::string("a") + static_cast<char>(byte) + "b";
    const bool good = byte >= 0x20 && byte < 0x7F && byte != '/';
    EXPECT_EQ(check_task_id(id).ok(), good) << byte;
    // What there is already, made by a version that took it, is a task.
    EXPECT_EQ(may_be_task(id), byte != 0 && byte != '/') << byte;
  }
  for (const char* good : {"a", "größe", "a.b", "a b", "-", "{{x}}"}) {
    EXPECT_TRUE(check_task_id(good).ok()) << good;
  }
  for (const std::string bad :
       {"", ".a", ".", "..", "../up", "\xc3", "\xed\xa0\x80", "a\xff", "x\n"}) {
    EXPECT_FALSE(check_task_id(bad).ok()) << quoted(bad);
  }
  EXPECT_TRUE(check_task_id(std::string(255, 'x')).ok());
  EXPECT_FALSE(check_task_id(std::string(256, 'x')).ok());
}

}  // namespace
}  // namespace thermos
