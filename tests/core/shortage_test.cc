// A shortage of the machine on a task's record: it begins, it is over, and it decides nothing.
#include <gtest/gtest.h>

#include "core/record/history.h"
#include "runner_fixture.h"

namespace thermos {
namespace {

TaskStatus shortage(Shortage of, bool over = false) {
  TaskStatus status;
  status.shortage = of;
  status.shortage_over = over;
  status.reason = over ? "" : "no pids";
  return status;
}

class ShortageTest : public RunnerFixture {
 protected:
  History copy_of_history() const {
    History copy;
    const Status whole = history_.rewrite([&copy](const Record& record) -> Status {
      const auto applied = copy.apply(record);
      return applied ? Status(Done{}) : Status(applied.error());
    });
    EXPECT_TRUE(whole.ok());
    return copy;
  }
};

TEST_F(ShortageTest, ItBeginsAndIsOver) {
  recorded(TaskState::Active);
  recorded(shortage(Shortage::Pids));
  ASSERT_TRUE(history_.shortage());
  EXPECT_EQ(history_.shortage()->reason, "no pids");
  EXPECT_EQ(history_.shortage()->status.shortage, Shortage::Pids);
  EXPECT_EQ(history_.steps().size(), 1u);
  EXPECT_EQ(history_.state(), TaskState::Active);
  EXPECT_EQ(history_.apply(shortage(Shortage::Pids)).value(), History::Outcome::Repeat);
  recorded(shortage(Shortage::Pids, true));
  EXPECT_FALSE(history_.shortage());
  EXPECT_EQ(history_.apply(shortage(Shortage::Pids, true)).value(), History::Outcome::Repeat);
}

TEST_F(ShortageTest, ItStandsBehindTheTasksState) {
  EXPECT_FALSE(history_.apply(shortage(Shortage::Disk)).ok());
}

TEST_F(ShortageTest, TheNextLeaderSaysThatItIsOver) {
  add("a");
  recorded(TaskState::Active);
  recorded(shortage(Shortage::Disk));
  lead();
  EXPECT_FALSE(runner_->history().shortage());
}

TEST_F(ShortageTest, ATaskThatIsOverIsShortOfNothing) {
  recorded(TaskState::Active);
  recorded(shortage(Shortage::Memory));
  recorded(TaskState::Cleaning, TaskState::Killed);
  EXPECT_TRUE(history_.shortage());
  recorded(TaskState::Killed, TaskState::Killed);
  EXPECT_FALSE(history_.shortage());
}

TEST_F(ShortageTest, CompactionKeepsOneThatIsNotOver) {
  recorded(TaskState::Active);
  const History before = history_;
  recorded(shortage(Shortage::Descriptors));
  EXPECT_FALSE(before == history_);
  EXPECT_EQ(history_.records_after(1), before.records_after(1) + 1);
  EXPECT_TRUE(copy_of_history() == history_);
  ASSERT_TRUE(copy_of_history().shortage());
  const Status cut = history_.rewrite([](const Record& record) -> Status {
    const auto* status = std::get_if<TaskStatus>(&record);
    if (status != nullptr && status->shortage != Shortage::None) {
      return Error{ErrorCode::System, "full"};
    }
    return Done{};
  });
  EXPECT_FALSE(cut.ok());
}

TEST_F(ShortageTest, TheRunnerRecordsItInTheTasksState) {
  add("a");
  start();
  tell(ShortageChanged{Shortage::Pids, false, "no pids"});
  ASSERT_TRUE(runner_->history().shortage());
  const TaskStatus& status = runner_->history().shortage()->status;
  EXPECT_EQ(status.state, TaskState::Active);
  EXPECT_EQ(status.at, now_);
  EXPECT_EQ(status.boot, kBoot);
  tell(ShortageChanged{Shortage::Pids, true, ""});
  EXPECT_FALSE(runner_->history().shortage());
}

TEST(ShortageNames, GoBothWays) {
  for (std::size_t i = 0; i < kShortages; ++i) {
    const auto shortage = static_cast<Shortage>(i);
    EXPECT_EQ(shortage_from(name_of(shortage)), shortage);
  }
  EXPECT_FALSE(shortage_from("patience"));
}

}  // namespace
}  // namespace thermos
