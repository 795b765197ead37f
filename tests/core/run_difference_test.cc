#include "core/explain/run_difference.h"

#include <gtest/gtest.h>

#include <string>

namespace thermos {
namespace {

// A history of runs, each given by its end and by how many milliseconds it took.
class Runs {
 public:
  Runs() {
    RunnerHeader header;
    header.task_id = "t";
    add(header);
  }
  Runs& ran(const std::string& process, ProcessState end, Microseconds milliseconds,
            std::optional<std::int32_t> code = 0) {
    ProcessStatus status;
    status.process = process;
    const auto known = history_.find(process);
    if (known) {
      status.seq = history_.process(*known).next_seq;
      status.run = history_.process(*known).next_run;
    }
    for (const ProcessState state :
         {ProcessState::Waiting, ProcessState::Forked, ProcessState::Running, end}) {
      if (state == end) {
        status.at.boot = milliseconds * 1000;
        status.return_code = code;
      }
      status.state = state;
      add(status);
      ++status.seq;
    }
    return *this;
  }
  const History& history() const { return history_; }

 private:
  void add(const Record& record) { ASSERT_TRUE(history_.apply(record).ok()); }
  History history_;
};

std::string names(const std::vector<RunDifference>& differences) {
  std::string text;
  for (const RunDifference& one : differences) {
    text += (text.empty() ? "" : " ") + one.process + (one.ended_otherwise ? "!" : "");
  }
  return text;
}

TEST(RunDifference, WhatEndedOtherwiseComesBeforeWhatTookLonger) {
  using State = ProcessState;
  Runs before;
  before.ran("same", State::Success, 1000).ran("slow", State::Success, 1000);
  before.ran("slower", State::Success, 1000).ran("fails", State::Success, 50);
  before.ran("again", State::Success, 50).ran("gone", State::Success, 50);
  before.ran("short", State::Success, 10).ran("code", State::Failed, 50, 1);
  Runs after;
  after.ran("same", State::Success, 1150).ran("slow", State::Success, 700);
  after.ran("slower", State::Success, 9000).ran("fails", State::Failed, 50, 3);
  after.ran("again", State::Failed, 50, 1).ran("again", State::Success, 50);
  after.ran("short", State::Success, 90).ran("code", State::Failed, 50, 2);
  after.ran("new", State::Success, 50);
  const auto differences = differences_of(before.history(), after.history());
  EXPECT_EQ(names(differences), "fails! again! gone! code! new! slower slow");
  EXPECT_EQ(differences[0].after.return_code, 3);
  EXPECT_EQ(differences[1].after.runs, 2U);
  EXPECT_FALSE(differences[2].after.state);
  EXPECT_FALSE(differences[4].before.state);
  EXPECT_EQ(differences[5].slower(), 8 * kSecond);
  EXPECT_EQ(differences[6].slower(), -300'000);
  EXPECT_TRUE(differences_of(before.history(), before.history()).empty());
}

}  // namespace
}  // namespace thermos
