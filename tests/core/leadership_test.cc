// Where a task is led from, in its history.
#include <gtest/gtest.h>

#include <optional>

#include "core/record/history.h"

namespace thermos {
namespace {

class LeadershipTest : public ::testing::Test {
 protected:
  void apply(const Record& record) {
    const auto applied = history_.apply(record);
    ASSERT_TRUE(applied.ok()) << applied.error().message;
  }
  void begin() {
    RunnerHeader header;
    header.task_id = "t";
    apply(header);
    apply(TaskStatus{});
  }
  static Leadership place(bool yields = false) {
    Leadership place;
    place.hostname = "n1";
    place.yields = yields;
    return place;
  }

  History history_;
};

TEST_F(LeadershipTest, ComesBehindTheHeader) {
  const auto applied = history_.apply(place());
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code, ErrorCode::Corrupt);
  EXPECT_FALSE(history_.leadership());
}

TEST_F(LeadershipTest, TheSameTwiceIsARepeat) {
  begin();
  EXPECT_EQ(history_.apply(place()).value(), History::Outcome::Applied);
  EXPECT_EQ(history_.apply(place()).value(), History::Outcome::Repeat);
  EXPECT_EQ(history_.apply(place(true)).value(), History::Outcome::Applied);
}

TEST_F(LeadershipTest, ATaskThatHasEndedWasNotGivenUp) {
  begin();
  apply(place(true));
  EXPECT_TRUE(history_.yielded());
  for (const TaskState state : {TaskState::Cleaning, TaskState::Killed}) {
    TaskStatus status;
    status.state = state;
    apply(status);
  }
  EXPECT_FALSE(history_.yielded());
}

TEST_F(LeadershipTest, HistoriesThatDifferInItAloneDiffer) {
  begin();
  History other = history_;
  apply(place());
  EXPECT_FALSE(history_ == other);
  ASSERT_TRUE(other.apply(place()).ok());
  EXPECT_TRUE(history_ == other);
}

TEST_F(LeadershipTest, ARewriteKeepsItAndEndsWhereItCantBeWritten) {
  begin();
  apply(place(true));
  EXPECT_GE(history_.records_after(1), 3U);
  History copy;
  const Status whole = history_.rewrite([&copy](const Record& record) -> Status {
    const auto applied = copy.apply(record);
    return applied ? Status(Done{}) : Status(applied.error());
  });
  ASSERT_TRUE(whole.ok());
  EXPECT_TRUE(copy == history_);
  EXPECT_TRUE(copy.yielded());
  const Status cut = history_.rewrite([](const Record& record) -> Status {
    if (std::holds_alternative<Leadership>(record)) return Error{ErrorCode::System, "full"};
    return Done{};
  });
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().message, "full");
}

class StillSince : public LeadershipTest {
 protected:
  static Leadership place_at(Microseconds at, bool yields) {
    Leadership one = place(yields);
    one.at = {at, at};
    return one;
  }
  History rewritten() const {
    History copy;
    const Status whole = history_.rewrite([&copy](const Record& record) -> Status {
      const auto applied = copy.apply(record);
      return applied ? Status(Done{}) : Status(applied.error());
    });
    EXPECT_TRUE(whole.ok());
    return copy;
  }
  // What still_since() says, here and after a rewrite.
  std::optional<Microseconds> still_since() const {
    const History copy = rewritten();
    EXPECT_TRUE(copy == history_);
    EXPECT_EQ(copy.still_since(), history_.still_since());
    if (!history_.still_since()) return std::nullopt;
    return history_.still_since()->boot;
  }
};

TEST_F(StillSince, OutlivesALeaderThatVanishedBeforeItWroteTheTasksState) {
  begin();
  EXPECT_EQ(still_since(), std::nullopt);
  apply(place_at(5, true));
  EXPECT_EQ(still_since(), 5);
  apply(place_at(7, false));
  EXPECT_EQ(still_since(), 5);
  TaskStatus led;
  led.runner_pid = 2;
  apply(led);
  EXPECT_EQ(still_since(), std::nullopt);
}

TEST_F(StillSince, IsTheFirstOfTwoYields) {
  begin();
  apply(place_at(5, true));
  apply(place_at(7, false));
  apply(place_at(9, true));
  EXPECT_EQ(still_since(), 5);
  // Who kills a task that has yielded does not lead it.
  TaskStatus killed;
  killed.state = TaskState::Cleaning;
  apply(killed);
  EXPECT_EQ(still_since(), 5);
  EXPECT_TRUE(rewritten().yielded());
}

TEST_F(StillSince, CountsWhenHistoriesAreCompared) {
  begin();
  History other = history_;
  apply(place_at(5, true));
  apply(place_at(7, false));
  ASSERT_TRUE(other.apply(place_at(7, false)).ok());
  EXPECT_FALSE(history_ == other);
}

TEST_F(StillSince, ARewriteEndsWhereTheYieldCantBeWritten) {
  begin();
  apply(place_at(5, true));
  apply(place_at(7, false));
  const Status cut = history_.rewrite([](const Record& record) -> Status {
    const auto* one = std::get_if<Leadership>(&record);
    if (one != nullptr && one->yields) return Error{ErrorCode::System, "full"};
    return Done{};
  });
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().message, "full");
}

}  // namespace
}  // namespace thermos
