// The files that processes need and make: what is refused, and what becomes of {node}.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/task/check_task.h"
#include "core/task/one_per_node.h"

namespace thermos {
namespace {

using Files = std::vector<std::string>;

class CheckFiles : public ::testing::Test {
 protected:
  ProcessConfig& add(const std::string& name, Files needs, Files makes) {
    ProcessConfig& process = task_.processes.emplace_back();
    process.name = name;
    process.cmdline = "true";
    process.needs_files = std::move(needs);
    process.makes_files = std::move(makes);
    return process;
  }
  void wait(std::size_t after, const std::string& before, Condition condition) {
    task_.processes[after].needs.entries.emplace_back(before, condition);
  }
  std::string fault() {
    task_.name = "t";
    const auto checked = check_task(task_);
    return checked.ok() ? "" : checked.error().message;
  }

  TaskConfig task_;
};

TEST_F(CheckFiles, PathsOfTheSandbox) {
  for (const char* good : {"a", "a/b", "a b", ".a", "..a", "a...", "{node"}) {
    task_ = {};
    add("p", {good}, {});
    EXPECT_EQ(fault(), "") << good;
  }
  for (const char* bad : {"", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/../b", "../a"}) {
    task_ = {};
    add("p", {}, {"x", bad});
    EXPECT_EQ(fault().find("processes[0].makes_files[1]: '" + std::string(bad) +
                           "' is no file of the sandbox"),
              0u)
        << fault();
  }
  task_ = {};
  add("p", {"a\nb"}, {});
  EXPECT_NE(fault().find("without control characters"), std::string::npos) << fault();
  task_.processes[0].needs_files = {"\xff"};
  EXPECT_NE(fault().find("is UTF-8"), std::string::npos) << fault();
  task_.processes[0].needs_files = {std::string(256, 'n')};
  EXPECT_NE(fault().find("more than 255 bytes"), std::string::npos) << fault();
  task_.processes[0].needs_files = {std::string(255, 'n')};
  EXPECT_EQ(fault(), "");
  std::string longest = "a";
  while (longest.size() < 3000) longest += "/a";
  task_.processes[0].needs_files = {longest};
  EXPECT_NE(fault().find("too long"), std::string::npos) << fault();
}

TEST_F(CheckFiles, EachPathOnce) {
  add("a", {"x", "x"}, {});
  EXPECT_EQ(fault(), "processes[0].needs_files[1]: 'x' is given twice");
  task_ = {};
  add("a", {}, {"x", "y", "x"});
  EXPECT_EQ(fault(), "processes[0].makes_files[2]: 'x' is given twice");
  task_ = {};
  add("a", {}, {"x"});
  add("b", {}, {"x"});
  EXPECT_EQ(fault(), "processes[1].makes_files[0]: 'x' is made by 'a' already");
  task_ = {};
  add("a", {"x"}, {"x"});
  EXPECT_EQ(fault(),
            "processes[0].needs_files[0]: 'x' is made by the process itself: what it makes isn't "
            "there");
}

TEST_F(CheckFiles, WhoNeedsWaitsForWhoMakes) {
  const std::string refused =
      "processes[2].needs_files[0]: 'x' is made by 'a', and 'c' does not wait for its success";
  add("a", {}, {"x"});
  add("b", {}, {});
  add("c", {"x"}, {});
  EXPECT_EQ(fault(), refused);
  wait(2, "b", Condition::Success);
  EXPECT_EQ(fault(), refused);
  wait(1, "a", Condition::Start);
  EXPECT_EQ(fault(), refused);
  task_.processes[1].needs.entries[0].second = Condition::Success;
  EXPECT_EQ(fault(), "");
  // That b began says that a has succeeded.
  task_.processes[2].needs.entries[0].second = Condition::Start;
  EXPECT_EQ(fault(), "");
  task_.processes[2].needs.entries[0] = {"a", Condition::End};
  EXPECT_EQ(fault(), refused);
  task_.processes[2].needs.entries[0] = {"a", Condition::Success};
  EXPECT_EQ(fault(), "");
}

TEST_F(CheckFiles, OfSeveralTheFirstIsNamed) {
  add("a", {}, {"x"});
  add("b", {}, {"y"});
  add("c", {"y", "x"}, {});
  EXPECT_EQ(
      fault(),
      "processes[2].needs_files[0]: 'y' is made by 'b', and 'c' does not wait for its success");
}

TEST_F(CheckFiles, AFinalizerIsBehindAllOthers) {
  add("a", {}, {"x"});
  add("b", {"x"}, {}).final = true;
  EXPECT_EQ(fault(), "");
  task_.processes[0].needs_files = {"y"};
  task_.processes[1].makes_files = {"y"};
  EXPECT_EQ(fault(),
            "processes[0].needs_files[0]: 'y' is made by 'b', and 'a' does not wait for its "
            "success");
}

TEST_F(CheckFiles, OfOneThatRunsOnEachNodeThePathSaysWhich) {
  add("a", {}, {"x"}).on = "each";
  EXPECT_EQ(fault(),
            "processes[0].makes_files[0]: 'x' would be made on each node: put {node} into its "
            "path");
  task_.processes[0].makes_files = {"x.{node}"};
  EXPECT_EQ(fault(), "");
  task_.processes[0].on = "n1";
  EXPECT_EQ(fault(),
            "processes[0].makes_files[0]: 'x.{node}': {node} is for a process that has `on: each`");
}

// By two ways; two who need it; and finalizers, which are behind all others but not behind each
// other.
TEST_F(CheckFiles, WhoWaitsByWayOfOthers) {
  add("a", {}, {"x"});
  add("b", {}, {});
  add("c", {}, {});
  add("d", {"x"}, {});
  add("e", {"x"}, {});
  wait(1, "a", Condition::Success);
  wait(2, "a", Condition::Success);
  wait(3, "b", Condition::Success);
  wait(3, "c", Condition::Success);
  wait(4, "d", Condition::Success);
  EXPECT_EQ(fault(), "");
  add("f", {"x"}, {"y"}).final = true;
  EXPECT_EQ(fault(), "");
  add("g", {"y"}, {}).final = true;
  EXPECT_EQ(fault(),
            "processes[6].needs_files[0]: 'y' is made by 'f', and 'g' does not wait for its "
            "success");
}

// Each needs a file that was made two steps before it, and nothing is asked twice of all of them.
TEST_F(CheckFiles, AlongALongChain) {
  constexpr int kMany = 50'000;
  const auto file = [](int i) { return "f" + std::to_string(i); };
  for (int i = 0; i < kMany; ++i) {
    add("p" + std::to_string(i), i < 2 ? Files{} : Files{file(i - 2)}, {file(i)});
    if (i > 0) wait(static_cast<std::size_t>(i), "p" + std::to_string(i - 1), Condition::Success);
  }
  EXPECT_EQ(fault(), "");
  // Whoever needs what is made far before, and what is made behind.
  task_.processes.back().needs_files = {file(0), file(kMany / 2)};
  EXPECT_EQ(fault(), "");
  task_.processes[kMany / 2].needs_files = {file(0), file(kMany - 1)};
  EXPECT_EQ(fault(),
            "processes[25000].needs_files[1]: 'f49999' is made by 'p49999', and 'p25000' "
            "does not wait for its success");
  task_.processes[kMany / 2].needs_files.clear();
  task_.processes[kMany / 2 + 1].needs_files.clear();
  // From where only a start was waited for.
  task_.processes[kMany / 2].needs.entries[0].second = Condition::Start;
  EXPECT_EQ(fault(), "");
  task_.processes[kMany / 2].needs_files = {file(kMany / 2 - 1)};
  EXPECT_EQ(fault(),
            "processes[25000].needs_files[0]: 'f24999' is made by 'p24999', and 'p25000' "
            "does not wait for its success");
}

// Many more makers than one walk sees to, and many who need all of them.
TEST_F(CheckFiles, OfManyMakers) {
  constexpr int kMany = 300;
  Files all;
  for (int i = 0; i < kMany; ++i) {
    all.push_back("f" + std::to_string(i));
    add("p" + std::to_string(i), {}, {all.back()});
  }
  add("between", {}, {});
  for (int i = 0; i < kMany; ++i) wait(kMany, "p" + std::to_string(i), Condition::Success);
  for (std::size_t i = 0; i < 3; ++i) {
    add("q" + std::to_string(i), all, {});
    wait(kMany + 1 + i, "between", Condition::Success);
  }
  EXPECT_EQ(fault(), "");
  task_.processes[kMany].needs.entries.erase(task_.processes[kMany].needs.entries.begin() + 200);
  EXPECT_EQ(fault(),
            "processes[301].needs_files[200]: 'f200' is made by 'p200', and 'q0' does not "
            "wait for its success");
}

TEST_F(CheckFiles, NodesInPaths) {
  add("a", {"in", "in.{node}"}, {"{node}/{node}"}).on = "each";
  add("b", {"{node}/{node}", "in"}, {});
  wait(1, "a", Condition::Success);
  EXPECT_EQ(fault(), "");
  TaskConfig alone = task_;
  alone.processes[0].on.clear();
  EXPECT_TRUE(is_spread(alone));
  EXPECT_TRUE(is_spread(task_));
  EXPECT_TRUE(spread_over(task_, {"n1", "n2"}));
  ASSERT_EQ(task_.processes.size(), 3u);
  EXPECT_EQ(task_.processes[0].needs_files, (Files{"in", "in.n1"}));
  EXPECT_EQ(task_.processes[0].makes_files, (Files{"n1/n1"}));
  EXPECT_EQ(task_.processes[1].makes_files, (Files{"n2/n2"}));
  EXPECT_EQ(task_.processes[2].needs_files, (Files{"n1/n1", "n2/n2", "in"}));
  EXPECT_EQ(fault(), "");
  EXPECT_FALSE(spread_over(task_, {"n1", "n2"}));
  EXPECT_TRUE(spread_over(alone, {}));
  EXPECT_EQ(alone.processes[0].makes_files, (Files{"here/here"}));
  EXPECT_EQ(alone.processes[1].needs_files, (Files{"here/here", "in"}));
  EXPECT_FALSE(spread_over(alone, {}));
  EXPECT_FALSE(is_spread(alone));
}

}  // namespace
}  // namespace thermos
