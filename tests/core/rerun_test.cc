// Which processes run when a task goes on from an ended one.
#include "core/runner/rerun.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/record/taken_successes.h"
#include "core/task/check_task.h"

namespace thermos {
namespace {

using State = ProcessState;

class Rerun : public ::testing::Test {
 protected:
  Rerun() {
    task_.name = "t";
    RunnerHeader header;
    header.task_id = "t-1";
    take(header);
    step(TaskState::Active);
  }
  ProcessConfig& add(const std::string& name) {
    ProcessConfig& process = task_.processes.emplace_back();
    process.name = name;
    process.cmdline = "true";
    return process;
  }
  void order(const std::vector<std::string>& names) { task_.constraints.push_back({names}); }
  void take(const Record& record) {
    const auto applied = past_.apply(record);
    ASSERT_TRUE(applied.ok()) << applied.error().message;
  }
  void step(TaskState state) {
    TaskStatus status;
    status.state = state;
    status.at = now_ = later(now_, kSecond);
    take(status);
  }
  // One run of the process, which ended so.
  void ran(const std::string& name, State end) {
    const auto known = past_.find(name);
    ProcessStatus status;
    status.process = name;
    status.seq = known ? past_.process(*known).next_seq : 0;
    status.run = known ? past_.process(*known).next_run : 0;
    for (const State state : {State::Waiting, State::Forked, State::Running, end}) {
      status.state = state;
      status.at = now_ = later(now_, kSecond);
      take(status);
      ++status.seq;
    }
  }
  std::string plan(const RerunWish& wish = {}) {
    const auto graph = check_task(task_);
    EXPECT_TRUE(graph.ok()) << graph.error().message;
    if (!graph) return "";
    // Taken over, or asked, changed, unsuccessful, behind, a service, a finalizer.
    constexpr std::string_view kLetters = "-ACUBSF";
    std::string text;
    for (const Again again : plan_rerun(task_, *graph, past_, wish)) {
      text += kLetters[static_cast<std::size_t>(again)];
    }
    return text;
  }
  RerunWish named(ProcessIndex p) const {
    RerunWish wish;
    wish.named.resize(task_.processes.size());
    wish.named[p] = true;
    return wish;
  }

  TaskConfig task_;
  History past_;
  Timestamp now_{1000 * kSecond, 100 * kSecond};
};

TEST_F(Rerun, WhatDidNotSucceedRunsAndWhatIsBehindIt) {
  for (const char* name : {"a", "b", "c", "d", "beside", "never"}) add(name);
  order({"a", "b", "c", "d"});
  ran("a", State::Success);
  ran("b", State::Failed);
  ran("beside", State::Success);
  // These two ran before b was run once more: of them counts what is behind b now.
  ran("c", State::Success);
  EXPECT_EQ(plan(), "-UBU-U");
}

TEST_F(Rerun, WhateverWasNeededOfIt) {
  add("a");
  for (const auto& [name, condition] :
       {std::pair("start", Condition::Start), std::pair("end", Condition::End)}) {
    add(name).needs.entries = {{"a", condition}};
    ran(name, State::Success);
  }
  ran("a", State::Failed);
  EXPECT_EQ(plan(), "UBB");
}

TEST_F(Rerun, TheLastRunCounts) {
  for (const char* name : {"later", "killed", "lost", "again"}) add(name);
  ran("later", State::Failed);
  ran("later", State::Success);
  ran("killed", State::Killed);
  ran("lost", State::Lost);
  ran("again", State::Success);
  ran("again", State::Killed);  // it was restarted by an order
  EXPECT_EQ(plan(), "-UUU");
}

TEST_F(Rerun, ASuccessOfAnEarlierDefinitionIsNone) {
  for (const char* name : {"a", "b"}) add(name);
  ran("a", State::Success);
  ran("b", State::Success);
  Replacement replacement;
  replacement.generation = 1;
  replacement.changed = {"a"};
  take(replacement);
  EXPECT_EQ(plan(), "U-");
}

TEST_F(Rerun, NamedOnesRunWithWhatIsBehindAndWhatFailedElsewhere) {
  for (const char* name : {"a", "b", "c", "bad"}) add(name);
  order({"a", "b", "c"});
  for (const char* name : {"a", "b", "c"}) ran(name, State::Success);
  ran("bad", State::Failed);
  EXPECT_EQ(plan(named(1)), "-ABU");
}

TEST_F(Rerun, AllIsAll) {
  add("a");
  add("service").daemon = true;
  add("end").final = true;
  ran("a", State::Success);
  ran("end", State::Success);
  RerunWish wish;
  wish.all = true;
  EXPECT_EQ(plan(wish), "AAF");
}

TEST_F(Rerun, WhatIsNewOrDefinedOtherwiseRunsWithWhatIsBehindIt) {
  for (const char* name : {"a", "b", "new", "c", "d"}) add(name);
  order({"a", "b", "c"});
  order({"new", "d"});
  for (const char* name : {"a", "b", "c", "d", "gone"}) ran(name, State::Success);
  RerunWish wish;
  wish.changed = {false, true, true, false, false};
  EXPECT_EQ(plan(wish), "-CCBB");
}

TEST_F(Rerun, ServicesRunForNobodysSake) {
  add("database").daemon = true;
  add("load").needs.entries = {{"database", Condition::Start}};
  add("watch").ephemeral = true;
  add("seen").needs.entries = {{"watch", Condition::Start}};
  add("done").ephemeral = true;
  ran("database", State::Success);
  ran("load", State::Success);
  ran("seen", State::Success);
  ran("done", State::Success);
  step(TaskState::Cleaning);
  ran("database", State::Failed);  // it exited with 143 when it was told to end
  ran("watch", State::Killed);
  EXPECT_EQ(plan(), "S-S--");
}

TEST_F(Rerun, AServiceThatFailedIsAReason) {
  add("database").daemon = true;
  add("load").needs.entries = {{"database", Condition::Start}};
  ran("load", State::Success);
  ran("database", State::Failed);
  step(TaskState::Cleaning);
  EXPECT_EQ(plan(), "UB");
}

TEST_F(Rerun, AServiceThatFailedUnderAnEarlierDefinitionIsNone) {
  add("database").daemon = true;
  add("load").needs.entries = {{"database", Condition::Start}};
  ran("load", State::Success);
  ran("database", State::Failed);
  Replacement replacement;
  replacement.generation = 1;
  replacement.changed = {"database"};
  take(replacement);
  EXPECT_EQ(plan(), "S-");
}

TEST_F(Rerun, AServiceBehindOneThatRunsPassesItOn) {
  add("a");
  add("database").daemon = true;
  add("load").needs.entries = {{"database", Condition::Start}};
  order({"a", "database"});
  ran("a", State::Success);
  ran("database", State::Success);
  ran("load", State::Success);
  EXPECT_EQ(plan(), "-S-");
  EXPECT_EQ(plan(named(0)), "ABB");
}

TEST_F(Rerun, FinalizersAlwaysRun) {
  add("a");
  add("end").final = true;
  ran("a", State::Success);
  ran("end", State::Success);
  EXPECT_EQ(plan(), "-F");
}

// Whatever the graph: none is taken over that did not succeed, or that waits for one that runs and
// is no service.
TEST_F(Rerun, NothingIsTakenOverBehindOneThatRuns) {
  std::minstd_rand random(1);
  for (int round = 0; round < 200; ++round) {
    task_.processes.clear();
    past_ = {};
    RunnerHeader header;
    header.task_id = "t-1";
    take(header);
    const std::uint32_t count = 2 + random() % 12;
    for (std::uint32_t p = 0; p < count; ++p) {
      ProcessConfig& process = add("p" + std::to_string(p));
      process.daemon = random() % 6 == 0;
      for (std::uint32_t before = 0; before < p; ++before) {
        if (random() % 4 != 0) continue;
        const bool start = task_.processes[before].daemon || random() % 3 == 0;
        process.needs.entries.emplace_back(task_.processes[before].name,
                                           start ? Condition::Start : Condition::Success);
      }
      if (random() % 3 != 0) ran(process.name, random() % 4 == 0 ? State::Failed : State::Success);
    }
    const auto graph = check_task(task_);
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    const std::vector<Again> plan = plan_rerun(task_, *graph, past_, {});
    for (ProcessIndex p = 0; p < count; ++p) {
      if (plan[p] == Again::No) {
        EXPECT_TRUE(has_succeeded(past_.process(*past_.find(task_.processes[p].name))));
      } else if (plan[p] != Again::Service) {
        for (const ProcessIndex behind : graph->dependents(p)) EXPECT_NE(plan[behind], Again::No);
      }
    }
  }
}

}  // namespace
}  // namespace thermos
