// What an evaluated file becomes: lines of its own, and names for --task.
#include "core/config/evaluated.h"

#include <gtest/gtest.h>

#include <string>

#include "core/config/load.h"

namespace thermos::config {
namespace {

constexpr std::string_view kTwo = R"({"tasks": [
  {"": 10, " names": ["job", "c/r/devel/job"], "name": "t",
   "processes": [{"": 3, "name": "a", "cmdline": "true"}]},
  {"": 20, " names": ["job", "c/r/prod/job"], "name": "t",
   "processes": [{"": 3, "name": "a", "cmdline": "false"}, {"": 0, "name": "b/c", "cmdline": "x"}]}
]})";

Result<TaskConfig> pick(std::string_view name, std::string_view text = kTwo) {
  return load(text, "f", name, {}, {Form::Evaluated});
}

TEST(Evaluated, ATaskIsPickedByAnyOfItsNames) {
  EXPECT_EQ(pick("c/r/devel/job")->processes[0].cmdline, "true");
  EXPECT_EQ(pick("").error().message,
            "f: holds 2 tasks: name one with --task: 'c/r/devel/job', 'c/r/prod/job'");
  EXPECT_EQ(pick("job").error().message,
            "f:20: tasks[1]: is a second task named 'job': call it 'c/r/prod/job'");
  EXPECT_EQ(pick("t").error().message,
            "f:20: tasks[1]: is a second task named 't': call it 'c/r/prod/job'");
  EXPECT_EQ(pick("c/r/test/job").error().code, ErrorCode::NotFound);
}

TEST(Evaluated, ErrorsHaveTheLineOfTheirObject) {
  // Line 0: it was made in another file.
  EXPECT_EQ(pick("c/r/prod/job").error().message,
            "f: tasks[1].processes[1].name: 'b/c': a name can't hold '/'");
  EXPECT_EQ(pick("", R"({"tasks": [{"": 7, "name": "t", "processes": [
                {"": 4, "name": "a", "cmdline": ""}]}]})")
                .error()
                .message,
            "f:4: processes[0].cmdline: is empty");
  EXPECT_EQ(pick("", R"({"tasks": [{"": 7, "name": "t", "processes": []}]})").error().message,
            "f:7: processes: is empty: a task needs at least one process");
}

TEST(Evaluated, NonsenseIsRefused) {
  for (const char* text : {"", "{}", "[]", "5", R"({"tasks": 5})", R"({"tasks": []})", "{"}) {
    EXPECT_FALSE(pick("", text).ok()) << text;
  }
}

}  // namespace
}  // namespace thermos::config
