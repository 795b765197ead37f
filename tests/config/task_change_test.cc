#include "core/config/task_change.h"

#include <gtest/gtest.h>

#include "core/config/load.h"

namespace thermos::config {
namespace {

using Names = std::vector<std::string>;

TaskConfig task_of(const std::string& processes, const std::string& more = "") {
  auto loaded = load_bound(R"({"name": "t", "processes": [)" + processes + "]" + more + "}", "t");
  EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.error().message);
  return loaded.ok() ? *loaded : TaskConfig();
}

std::string process_named(const std::string& name, const std::string& more = "") {
  return R"({"name": ")" + name + R"(", "cmdline": "true")" + more + "}";
}

TEST(TaskChange, NamesWhatChangedWhatIsNewAndWhatIsGone) {
  const TaskConfig before =
      task_of(process_named("a") + "," + process_named("b") + "," + process_named("c"));
  const TaskConfig after =
      task_of(process_named("d") + "," + process_named("b", R"(, "max_failures": 3)") + "," +
              process_named("a"));
  const TaskChange change = change_of(before, after);
  EXPECT_EQ(change.changed, Names{"b"});
  EXPECT_EQ(change.added, Names{"d"});
  EXPECT_EQ(change.removed, Names{"c"});
}

TEST(TaskChange, TheOrderOfKeysAndDefaultsAreNoChange) {
  const TaskConfig before =
      task_of(process_named("a", R"(, "env": {"X": "1", "Y": "2"}, "max_failures": 1)"));
  const TaskConfig after = task_of(process_named("a", R"(, "env": {"Y": "2", "X": "1"})"));
  EXPECT_TRUE(change_of(before, after).changed.empty());
}

TEST(TaskChange, WhatAllProcessesAreDefinedByChangesAll) {
  const std::string both = process_named("a") + "," + process_named("b");
  const Names all{"a", "b"};
  for (const std::string more :
       {R"(, "env": {"X": "1"})", R"(, "cwd": "sub")", R"(, "secret": {"K": "/file"})"}) {
    EXPECT_EQ(change_of(task_of(both), task_of(both, more)).changed, all) << more;
  }
}

TEST(TaskChange, WhatOnlyPlansThemChangesNone) {
  const std::string both = process_named("a") + "," + process_named("b");
  for (const std::string more :
       {R"(, "constraints": [{"order": ["a", "b"]}])", R"(, "max_failures": 2)",
        R"(, "max_concurrency": 1)", R"(, "pools": {"p": 2})", R"(, "finalization_wait": 1)"}) {
    const TaskChange change = change_of(task_of(both), task_of(both, more));
    EXPECT_TRUE(change.changed.empty() && change.added.empty() && change.removed.empty()) << more;
  }
}

}  // namespace
}  // namespace thermos::config
