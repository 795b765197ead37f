// The history of a task as it was at a moment.
#include "core/explain/chronicle.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thermos {
namespace {

using State = ProcessState;

Timestamp at(Microseconds seconds) {
  return {seconds * kSecond, seconds * kSecond};
}

// Collects records, which are given to a chronicle afterwards.
class ChronicleTest : public ::testing::Test {
 protected:
  ChronicleTest() {
    RunnerHeader header;
    header.task_id = "t";
    header.launch_time = 10 * kSecond;
    records_.emplace_back(header);
    task(TaskState::Active, 10);
  }

  void task(TaskState state, Microseconds seconds) {
    TaskStatus status;
    status.state = state;
    status.at = at(seconds);
    records_.emplace_back(status);
  }
  void process(std::string_view name, std::uint64_t seq, std::uint32_t run, State state,
               Microseconds seconds) {
    ProcessStatus status;
    status.process = name;
    status.seq = seq;
    status.run = run;
    status.state = state;
    status.at = at(seconds);
    records_.emplace_back(status);
  }
  void order(std::string_view name, Verb verb, Microseconds seconds, std::string_view reason = "") {
    ProcessOrder order;
    order.process = name;
    order.verb = verb;
    order.at = at(seconds);
    order.reason = reason;
    records_.emplace_back(order);
  }
  Chronicle until(std::optional<Microseconds> seconds) const {
    Chronicle chronicle(seconds ? std::optional(*seconds * kSecond) : std::nullopt);
    for (const Record& record : records_) {
      const Status taken = chronicle.take(record);
      EXPECT_TRUE(taken.ok()) << taken.error().message;
    }
    return chronicle;
  }
  static std::string states(const Chronicle& chronicle) {
    std::string text(name_of(chronicle.history().state()));
    for (const ProcessHistory& process : chronicle.history().processes()) {
      text += " " + process.name + ":";
      for (const thermos::Run& run : process.runs) text += std::string(name_of(run.state)) + ",";
    }
    return text;
  }

  std::vector<Record> records_;
};

TEST_F(ChronicleTest, HoldsWhatHadHappenedByThen) {
  process("p", 0, 0, State::Waiting, 11);
  process("p", 1, 0, State::Forked, 12);
  process("p", 2, 0, State::Running, 13);
  process("p", 3, 0, State::Failed, 20);
  process("p", 4, 1, State::Waiting, 25);
  task(TaskState::Cleaning, 30);
  EXPECT_EQ(states(until(10)), "ACTIVE");
  EXPECT_EQ(states(until(12)), "ACTIVE p:FORKED,");
  EXPECT_EQ(states(until(19)), "ACTIVE p:RUNNING,");
  EXPECT_EQ(states(until(20)), "ACTIVE p:FAILED,");
  EXPECT_EQ(states(until(29)), "ACTIVE p:FAILED,WAITING,");
  EXPECT_EQ(states(until({})), "CLEANING p:FAILED,WAITING,");
}

// What nobody read for a time has happened all the same.
TEST_F(ChronicleTest, GoesByWhenItHappenedAndNotByWhenItWasWritten) {
  process("p", 0, 0, State::Waiting, 11);
  process("p", 1, 0, State::Forked, 12);
  process("p", 2, 0, State::Running, 13);
  task(TaskState::Active, 100);  // the next runner
  process("p", 3, 0, State::Success, 20);
  EXPECT_EQ(states(until(50)), "ACTIVE p:SUCCESS,");
  EXPECT_EQ(until(50).history().steps().size(), 1U);
}

TEST_F(ChronicleTest, AClockThatWasPutBackLeavesNoGap) {
  process("p", 0, 0, State::Waiting, 11);
  process("p", 1, 0, State::Forked, 60);
  process("p", 2, 0, State::Running, 15);
  process("p", 3, 0, State::Success, 16);
  order("p", Verb::Stop, 17);
  EXPECT_EQ(states(until(50)), "ACTIVE p:WAITING,");
  EXPECT_TRUE(until(50).orders("p").empty());
}

TEST_F(ChronicleTest, KnowsWhoOrderedWhat) {
  process("p", 0, 0, State::Waiting, 11);
  order("p", Verb::Stop, 15, "asked by pid 7");
  order("p", Verb::Fail, 16, "timed out after 5 s");
  order("q", Verb::Start, 17);
  EXPECT_TRUE(until(14).orders("p").empty());
  const Chronicle chronicle = until({});
  ASSERT_EQ(chronicle.orders("p").size(), 1U);
  const Chronicle::Order& order = chronicle.orders("p").front();
  EXPECT_EQ(order.verb, Verb::Stop);
  EXPECT_EQ(order.at, 15 * kSecond);
  EXPECT_EQ(order.reason, "asked by pid 7");
  EXPECT_EQ(order.run, 0U);
  ASSERT_EQ(chronicle.orders("q").size(), 1U);
  EXPECT_FALSE(chronicle.orders("q").front().run);
  EXPECT_TRUE(chronicle.orders("nobody").empty());
}

TEST_F(ChronicleTest, KnowsWhatSaidThatARunIsNotHealthy) {
  process("p", 0, 0, State::Waiting, 11);
  process("p", 1, 0, State::Forked, 12);
  process("p", 2, 0, State::Running, 13);
  records_.emplace_back(ProcessReport{"p", 0, ReportKind::Unhealthy, at(14), "exit 1", 0});
  records_.emplace_back(ProcessReport{"p", 0, ReportKind::Unhealthy, at(15), "exit 2", 0});
  EXPECT_EQ(until(13).refusal("p"), nullptr);
  ASSERT_NE(until(14).refusal("p"), nullptr);
  EXPECT_EQ(until(14).refusal("p")->text, "exit 1");
  EXPECT_EQ(until({}).refusal("p")->text, "exit 2");
  EXPECT_EQ(until({}).refusal("p")->at, 15 * kSecond);
}

TEST_F(ChronicleTest, SaysWhatItCannotKnow) {
  ProcessSummary summary;
  summary.process = "p";
  summary.next_seq = 40;
  summary.next_run = 10;
  summary.totals.success = 10;
  summary.last_end = at(50);
  records_.emplace_back(summary);
  process("p", 40, 10, State::Waiting, 60);
  Replacement replacement;
  replacement.generation = 1;
  replacement.at = at(70);
  records_.emplace_back(replacement);
  replacement.generation = 2;
  replacement.at = at(80);
  records_.emplace_back(replacement);
  Leadership place;
  place.at = at(90);
  records_.emplace_back(place);

  EXPECT_TRUE(until(40).forgotten("p"));
  EXPECT_FALSE(until(50).forgotten("p"));
  EXPECT_EQ(states(until(65)), "ACTIVE p:WAITING,");
  EXPECT_EQ(until(65).replaced_later(), 70 * kSecond);
  EXPECT_EQ(until(75).replaced_later(), 80 * kSecond);
  EXPECT_EQ(until(75).history().generation(), 1U);
  EXPECT_FALSE(until(80).replaced_later());
  EXPECT_FALSE(until(89).history().leadership());
  EXPECT_TRUE(until(90).history().leadership());
}

// Its runs end at 20, 30, 40 and 50; a compaction drops the first two, and writes that the latest
// ended at 50.
TEST_F(ChronicleTest, KnowsTheRunsThatACompactionLeft) {
  for (std::uint32_t run = 0; run < 4; ++run) {
    const Microseconds begin = 15 + 10 * Microseconds{run};
    process("p", std::uint64_t{4} * run, run, State::Waiting, begin);
    process("p", std::uint64_t{4} * run + 1, run, State::Forked, begin + 1);
    process("p", std::uint64_t{4} * run + 2, run, State::Running, begin + 2);
    process("p", std::uint64_t{4} * run + 3, run, State::Failed, begin + 5);
  }
  History whole = until({}).history();
  whole.drop_old(2);
  records_.clear();
  const Status rewritten = whole.rewrite([this](const Record& record) {
    records_.push_back(record);
    return Status(Done{});
  });
  ASSERT_TRUE(rewritten.ok());

  EXPECT_TRUE(until(34).forgotten("p"));
  EXPECT_EQ(states(until(34)), "ACTIVE");
  EXPECT_FALSE(until(35).forgotten("p"));
  EXPECT_EQ(states(until(35)), "ACTIVE p:WAITING,");
  EXPECT_EQ(states(until(37)), "ACTIVE p:RUNNING,");
  EXPECT_EQ(states(until(44)), "ACTIVE p:FAILED,");
  EXPECT_EQ(states(until(50)), "ACTIVE p:FAILED,FAILED,");
  const History then = until(37).history();
  ASSERT_EQ(then.processes().size(), 1U);
  const ProcessHistory& past = then.processes().front();
  EXPECT_EQ(past.totals.failed, 2U);
  EXPECT_EQ(past.last_end, at(35));
}

TEST_F(ChronicleTest, RefusesWhatNoHistoryTakes) {
  process("p", 5, 0, State::Waiting, 11);
  Chronicle chronicle;
  ASSERT_TRUE(chronicle.take(records_[0]).ok());
  EXPECT_EQ(chronicle.take(records_.back()).error().code, ErrorCode::Corrupt);
}

TEST_F(ChronicleTest, IsMadeOfAHistoryToo) {
  process("p", 0, 0, State::Waiting, 11);
  EXPECT_EQ(states(Chronicle::of(until({}).history())), "ACTIVE p:WAITING,");
}

}  // namespace
}  // namespace thermos
