// `thermos diff` from outside.
#include <algorithm>

#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

using nlohmann::json;

class Diff : public ThermosTest {};

TEST_F(Diff, ShowsWhatRanAndWhatWasConfiguredOtherwise) {
  ASSERT_EQ(run_task("monday", R"({"name": "n", "processes": [
      {"name": "a", "cmdline": "true"}, {"name": "b", "cmdline": "true"},
      {"name": "gone", "cmdline": "true"}]})")
                .status,
            0);
  ASSERT_EQ(run_task("tuesday", R"({"name": "n", "max_failures": 2, "processes": [
      {"name": "a", "cmdline": "exit 3"}, {"name": "b", "cmdline": "true"},
      {"name": "new", "cmdline": "true"}]})")
                .status,
            0);
  const Finished text = run({"diff", "monday", "tuesday"});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_NE(text.out.find("ended otherwise (3)\n  a: SUCCESS -> FAILED, exit 3\n"),
            std::string::npos)
      << text.out;
  EXPECT_NE(text.out.find("  gone: SUCCESS -> has not run\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("configured otherwise (4)\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("  a: cmdline: 'true' is now 'exit 3'\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("  new: is only in the second\n"), std::string::npos) << text.out;

  const json made = json::parse(run({"diff", "--json", "monday", "tuesday"}).out);
  EXPECT_EQ(made.at("tasks")[1].at("task_id"), "tuesday");
  EXPECT_EQ(made.at("ran")[0].at("after").at("return_code"), 3);
  EXPECT_EQ(made.at("configured").size(), 4U);
  const Finished same = run({"diff", "monday", "monday"});
  EXPECT_NE(same.out.find("\nno difference\n"), std::string::npos) << same.out;
}

TEST_F(Diff, WhatCannotBeComparedIsRefused) {
  ASSERT_EQ(run_task("monday", R"({"processes": [{"name": "a", "cmdline": "true"}]})").status, 0);
  refuse({"diff", "monday"}, 64, "diff: takes TASK1 and TASK2");
  refuse({"diff", "a", "b", "c"}, 64, "unexpected argument 'c'");
  refuse({"diff", "monday", "mondya"}, 66, "did you mean 'monday'?");
}

}  // namespace
}  // namespace thermos::testing
