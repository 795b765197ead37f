// `thermos init`.
#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

using Init = ThermosTest;

TEST_F(Init, WhatItWritesPassesTheCheckAndRuns) {
  for (const std::string name :
       {"task.yaml", "t.yml", "t.json", "t.thermos", "t.aurora", "plain"}) {
    const Finished made = run(name == "task.yaml" ? Words{"init"} : Words{"init", name});
    ASSERT_EQ(made.status, 0) << name << made.err;
    EXPECT_NE(made.out.find("thermos run --output " + name), std::string::npos) << made.out;
    const Finished checked = run({"inspect", "--check", name});
    EXPECT_EQ(checked.out, "ok: 3 processes\n") << name;
    EXPECT_EQ(checked.err, "") << name;
    const Finished ran = run({"run", "--output", "--task-id", "id-" + name, name});
    EXPECT_EQ(ran.status, 0) << name << ran.err;
    EXPECT_NE(ran.out.find("| there are 3 words"), std::string::npos) << ran.out;
    EXPECT_EQ(ran.err, "") << name;
  }
  EXPECT_EQ(run({"init", "-"}).out, read_text(work() + "/task.yaml"));
}

TEST_F(Init, OverwritesNothing) {
  const std::string mine = file("task.yaml", "mine");
  const Finished refused = run({"init"});
  EXPECT_EQ(refused.status, 64);
  EXPECT_EQ(refused.err,
            "thermos: init: task.yaml exists already, and is left as it is; name another FILE\n");
  EXPECT_EQ(read_text(mine), "mine");
  EXPECT_EQ(run({"init", "no/such/directory.yaml"}).status, 66);
  EXPECT_EQ(run({"init", "a", "b"}).status, 64);
  EXPECT_EQ(tree_of(work()), Words{"task.yaml"});
}

}  // namespace
}  // namespace thermos::testing
