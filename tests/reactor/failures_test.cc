// What failed, in words, with the ends of logs.
#include "reactor/views/failures.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "built_history.h"

namespace thermos {
namespace {

using testing::HistoryBuilder;
using Lines = std::vector<std::string>;

LogEnd nothing(const std::string& process, std::uint32_t run) {
  return {"/logs/" + process + "/" + std::to_string(run) + "/stderr", {}};
}

TEST(Failures, AreListedWhateverBecameOfTheTask) {
  HistoryBuilder built;
  built.run("good", ProcessState::Success, 0, 1, 0).run("bad", ProcessState::Failed, 0, 1, 3);
  built.run("late", ProcessState::Failed, 0, 1, 3).run("late", ProcessState::Success, 2, 1, 0);
  built.task(TaskState::Cleaning, kSecond).task(TaskState::Success, kSecond);
  const std::vector<FailedRun> failures = failures_of(built.history());
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures_text(failures, nothing, {}),
            "  bad FAILED, run 0: exit 3\n    /logs/bad/0/stderr\n");
}

TEST(Failures, ShowWhatWasPrintedWithoutObeyingIt) {
  const auto printed = [](const std::string&, std::uint32_t) {
    return LogEnd{"/logs/p/4/stderr", {"first", "\x1b[2Jlast"}};
  };
  EXPECT_EQ(failures_text({{"p", 4, 1, ""}}, printed, {}),
            "  p FAILED, run 4: exit 1\n    /logs/p/4/stderr:\n"
            "      first\n      \\x1b[2Jlast\n");
}

TEST(Failures, AHundredAreNotAHundredLines) {
  std::vector<FailedRun> failures;
  for (int i = 0; i < 100; ++i) failures.push_back({"p" + std::to_string(i), 0, 1, ""});
  const std::string text = failures_text(failures, nothing, {});
  EXPECT_NE(text.find("  and 90 more failed\n"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 21) << text;
}

TEST(Failures, AreSaidInWords) {
  EXPECT_EQ(ending_words(3, "", {}), "exit 3");
  EXPECT_EQ(ending_words(3, "it broke", {}), "exit 3, it broke");
  EXPECT_EQ(ending_words(std::nullopt, "gone", {}), "gone");
  EXPECT_EQ(ending_words(126, "", {}), "exit 126: a command can't be executed");
  EXPECT_EQ(ending_words(127, "", {}), "exit 127: a command was not found");
  EXPECT_EQ(ending_words(2, "", {"/bin/bash: -c: line 1: syntax error near unexpected token `)'"}),
            "exit 2: bash can't read the command line: syntax error");
  EXPECT_EQ(ending_words(2, "", {"grep: syntax error"}), "exit 2");
}

TEST(LastLines, AreTheLastOnes) {
  EXPECT_EQ(last_lines("a\nb\nc\n", 2), (Lines{"b", "c"}));
  EXPECT_EQ(last_lines("a\nb", 10), (Lines{"a", "b"}));
  EXPECT_EQ(last_lines("a\r\n\nb\r\n\n\n", 10), (Lines{"a", "", "b"}));
  EXPECT_EQ(last_lines("", 10), Lines());
  EXPECT_EQ(last_lines("\n\n", 10), Lines());
  EXPECT_LT(last_lines(std::string(5000, 'x'), 1)[0].size(), 1100U);
}

}  // namespace
}  // namespace thermos
