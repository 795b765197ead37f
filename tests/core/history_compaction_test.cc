// Compaction of a history: what is dropped, what stays, and that what is handed out says the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "boots.h"
#include "core/record/history.h"

namespace thermos {
namespace {

RunnerHeader header_with_logs() {
  RunnerHeader header;
  header.task_id = "job-1";
  header.keep_logs = 7;
  return header;
}

TaskStatus task_status(TaskState state, Microseconds at, std::string_view reason = {}) {
  TaskStatus status;
  status.state = state;
  status.at = {1000 + at, at};
  status.runner_pid = static_cast<std::int32_t>(100 + at);
  status.boot = kBoot;
  status.reason = reason;
  return status;
}

void apply(History& history, const Record& record) {
  const auto applied = history.apply(record);
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  ASSERT_EQ(*applied, History::Outcome::Applied);
}

// The whole run `run` of a process whose runs have four transitions each.
void add_run(History& history, std::string_view process, std::uint32_t run, ProcessState end,
             const Usage& usage = {}) {
  ProcessStatus status;
  status.process = process;
  status.run = run;
  for (const ProcessState state :
       {ProcessState::Waiting, ProcessState::Forked, ProcessState::Running, end}) {
    status.seq = 4 * std::uint64_t{run} + (is_terminal(state) ? 3 : static_cast<unsigned>(state));
    status.state = state;
    status.at = {static_cast<Microseconds>(5000 + status.seq),
                 static_cast<Microseconds>(status.seq)};
    status.boot = state == ProcessState::Forked ? kBoot : BootId{};
    status.return_code.reset();
    if (end == ProcessState::Success && state == end) status.return_code = 0;
    if (state == end) status.usage = usage;
    apply(history, status);
  }
}

History led_history() {
  History history;
  apply(history, header_with_logs());
  apply(history, task_status(TaskState::Active, 0));
  return history;
}

// What a reader gets who starts from nothing. `records`: how many there were.
History rebuilt(const History& history, std::size_t* records = nullptr) {
  History other;
  std::size_t count = 0;
  const Status given = history.rewrite([&](const Record& record) -> Status {
    ++count;
    const auto applied = other.apply(record);
    if (!applied) return applied.error();
    EXPECT_EQ(*applied, History::Outcome::Applied) << "a record that says nothing new";
    return Done{};
  });
  EXPECT_TRUE(given.ok()) << given.error().message;
  if (records != nullptr) *records = count;
  return other;
}

// ---- by chance ---------------------------------------------------------------------------------

// A story that obeys the rules and is otherwise anything: processes that end in every way, runners
// that come and go over reboots, records found later, reasons now and then.
class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed) {}

  void begin(History& history) {
    apply(history, header_with_logs());
    lead(history);
  }

  void go_on(History& history) {
    if (chance(15)) {
      if (chance(30)) boot_ = {boot_.high + 1, boot_.low};
      lead(history);
      return;
    }
    const std::string name = "p" + std::to_string(below(4));
    const auto index = history.find(name);
    const ProcessHistory* past = index ? &history.process(*index) : nullptr;
    ProcessStatus status;
    status.process = name;
    status.seq = past == nullptr ? 0 : past->next_seq;
    status.at = now();
    const std::string reason = chance(30) ? "because " + std::to_string(below(100)) : "";
    status.reason = reason;
    if (past == nullptr || !past->live()) {
      status.run = past == nullptr ? 0 : past->next_run;
      if (chance(10)) status.origin = Origin::FoundAtResume;
    } else {
      move(*past->current(), status);
    }
    apply(history, status);
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }
  // As a file may say: also none, and more than any machine has.
  std::int64_t any_amount() {
    const auto amount = static_cast<std::int64_t>(random_() >> (1 + below(63)));
    return chance(10) ? -1 : amount;
  }
  Timestamp now() {
    clock_ += static_cast<Microseconds>(1 + below(1000));
    return {1'000'000 + clock_, clock_};
  }

  void lead(History& history) {
    TaskStatus status;
    status.state = history.state();
    status.at = now();
    status.runner_pid = static_cast<std::int32_t>(1 + below(9999));
    status.boot = boot_;
    apply(history, status);
  }

  // The next transition of a live run.
  void move(const Run& run, ProcessStatus& status) {
    std::vector<ProcessState> next;
    for (std::size_t i = 0; i < kProcessStates; ++i) {
      const auto state = static_cast<ProcessState>(i);
      if (may_follow(run.state, state)) next.push_back(state);
    }
    status.run = run.number;
    status.state = next[below(next.size())];
    if (chance(20)) status.origin = Origin::FoundAtResume;
    if (status.state == ProcessState::Forked) {
      status.identity = {static_cast<std::int32_t>(1 + below(9999)), 1 + below(99999)};
      status.boot = boot_;
    } else if (status.state == ProcessState::Running) {
      status.identity = {static_cast<std::int32_t>(1 + below(9999)), 1 + below(99999)};
    } else if (status.state == ProcessState::Lost) {
      status.origin = run.boot == boot_ ? Origin::CoordinatorGone : Origin::Reboot;
      status.boot = boot_;
    } else if (run.state == ProcessState::Waiting) {
      status.origin = Origin::Recorded;  // the runner itself: it could not be launched
      status.boot = boot_;
    } else {
      status.return_code = static_cast<std::int32_t>(below(256)) - 64;
      if (chance(70)) status.usage = {any_amount(), any_amount(), any_amount()};
    }
  }

  std::mt19937_64 random_;
  BootId boot_ = kBoot;
  Microseconds clock_ = 0;
};

TEST(HistoryCompaction, AnyStoryComesBack) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed);
    History whole;
    story.begin(whole);
    for (std::uint64_t step = 0; step < seed; ++step) story.go_on(whole);
    EXPECT_EQ(rebuilt(whole), whole) << "nothing dropped";

    for (const std::size_t keep : {1, 2, 5, 1000}) {
      History kept = whole;
      kept.drop_old(keep);
      std::size_t records = 0;
      const History back = rebuilt(kept, &records);
      ASSERT_EQ(back, kept) << "of which " << keep << " runs were kept";
      EXPECT_LE(records, whole.records_after(keep));
      for (const ProcessHistory& process : whole.processes()) {
        const ProcessHistory& other = back.process(*back.find(process.name));
        EXPECT_EQ(other.totals, process.totals);
        EXPECT_EQ(other.used, process.used);
        EXPECT_EQ(other.next_seq, process.next_seq);
        EXPECT_EQ(other.next_run, process.next_run);
        EXPECT_EQ(other.first_failed, process.first_failed);
        EXPECT_EQ(other.started, process.started);
        EXPECT_EQ(other.last_end, process.last_end);
        EXPECT_EQ(other.last_boot, process.last_boot);
        ASSERT_EQ(other.runs.size(), std::min(keep, process.runs.size()));
        EXPECT_TRUE(std::equal(other.runs.rbegin(), other.runs.rend(), process.runs.rbegin()));
      }
      if (HasFatalFailure()) return;
    }
  }
}

// One who reads the compacted stream and goes on must end where one goes who read it all; also
// when what was compacted is compacted again and again.
TEST(HistoryCompaction, AnyStoryGoesOnBehindIt) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed);
    Story same(seed);
    History whole;
    History compacted;
    story.begin(whole);
    same.begin(compacted);
    for (int step = 0; step < 300; ++step) {
      story.go_on(whole);
      same.go_on(compacted);
      if (step % 37 == 0) {
        compacted.drop_old(3);
        compacted = rebuilt(compacted);
      }
    }
    whole.drop_old(1);
    compacted.drop_old(1);
    ASSERT_EQ(compacted, whole);
  }
}

// ---- one by one --------------------------------------------------------------------------------

TEST(HistoryCompaction, TheSummaryOfWhatWasDropped) {
  History history = led_history();
  for (std::uint32_t run = 0; run < 3; ++run) add_run(history, "a", run, ProcessState::Success);
  add_run(history, "a", 3, ProcessState::Failed);
  add_run(history, "a", 4, ProcessState::Killed);
  add_run(history, "a", 5, ProcessState::Failed);
  add_run(history, "a", 6, ProcessState::Lost);
  history.drop_old(2);

  std::vector<ProcessSummary> summaries;
  std::vector<std::uint64_t> behind;
  const Status given = history.rewrite([&](const Record& record) {
    if (const auto* summary = std::get_if<ProcessSummary>(&record)) summaries.push_back(*summary);
    if (const auto* status = std::get_if<ProcessStatus>(&record)) behind.push_back(status->seq);
    return Status(Done{});
  });
  ASSERT_TRUE(given.ok());
  ProcessSummary expected;
  expected.process = "a";
  expected.next_seq = 20;
  expected.next_run = 5;
  expected.totals = {3, 1, 1, 0};
  expected.first_failed = 3;
  expected.started = true;
  expected.last_end = {5027, 27};  // the kept runs have ended and set it themselves
  expected.boot = kBoot;
  ASSERT_EQ(summaries.size(), 1U);
  EXPECT_EQ(summaries[0], expected);
  EXPECT_EQ(behind, (std::vector<std::uint64_t>{20, 21, 22, 23, 24, 25, 26, 27}));
}

TEST(HistoryCompaction, WhatDroppedRunsUsedIsNotForgotten) {
  History history = led_history();
  for (std::uint32_t run = 0; run < 4; ++run) {
    add_run(history, "a", run, ProcessState::Success, {1 << run, 100 << run, 5000 - run});
  }
  EXPECT_EQ(history.process(0).used, (UsageTotals{15, 1500, 5000}));
  history.drop_old(2);
  std::vector<ProcessSummary> summaries;
  ASSERT_TRUE(history.rewrite([&](const Record& record) {
    if (const auto* summary = std::get_if<ProcessSummary>(&record)) summaries.push_back(*summary);
    return Status(Done{});
  }));
  ASSERT_EQ(summaries.size(), 1U);
  EXPECT_EQ(summaries[0].used, (UsageTotals{3, 300, 5000}));
  const History back = rebuilt(history);
  EXPECT_EQ(back, history);
  EXPECT_EQ(back.process(0).used, (UsageTotals{15, 1500, 5000}));
  EXPECT_EQ(back.process(0).runs.back().usage, (Usage{8, 800, 4997}));
}

TEST(HistoryCompaction, NoSummaryWhereNothingWasDropped) {
  History history = led_history();
  add_run(history, "a", 0, ProcessState::Failed);
  history.drop_old(1);
  std::size_t records = 0;
  EXPECT_EQ(rebuilt(history, &records), history);
  EXPECT_EQ(records, 2U + 4U);
}

TEST(HistoryCompaction, TheFirstThatFailedIsNotForgotten) {
  for (const std::uint32_t failing : {0U, 4U, 9U}) {
    History history = led_history();
    for (std::uint32_t run = 0; run < 10; ++run) {
      add_run(history, "a", run, run == failing ? ProcessState::Failed : ProcessState::Success);
    }
    history.drop_old(1);
    EXPECT_EQ(rebuilt(history).process(0).first_failed, failing);
  }
  History none = led_history();
  for (std::uint32_t run = 0; run < 10; ++run) add_run(none, "a", run, ProcessState::Lost);
  none.drop_old(1);
  EXPECT_EQ(rebuilt(none).process(0).first_failed, std::nullopt);
}

// Others may need that it has started, though every run that is kept failed before that.
TEST(HistoryCompaction, ThatItHasStartedIsNotForgotten) {
  History history = led_history();
  add_run(history, "a", 0, ProcessState::Lost);
  ProcessStatus status;
  status.process = "a";
  status.seq = 4;
  status.run = 1;
  ASSERT_TRUE(history.apply(status).ok());
  ++status.seq;
  status.state = ProcessState::Failed;
  ASSERT_TRUE(history.apply(status).ok());
  history.drop_old(1);
  EXPECT_TRUE(rebuilt(history).process(0).started);
}

// min_duration counts from the last end also when the run that ended is the one that was dropped.
TEST(HistoryCompaction, TheLastEndOutlivesItsRun) {
  History history = led_history();
  add_run(history, "a", 0, ProcessState::Failed);
  ProcessStatus waiting;
  waiting.process = "a";
  waiting.seq = 4;
  waiting.run = 1;
  apply(history, waiting);
  history.drop_old(1);
  ASSERT_EQ(history.process(0).runs.size(), 1U);
  const History back = rebuilt(history);
  EXPECT_EQ(back, history);
  EXPECT_EQ(back.process(0).last_end, (Timestamp{5003, 3}));
  EXPECT_EQ(back.process(0).last_boot, kBoot);
  EXPECT_TRUE(back.process(0).live());
}

TEST(HistoryCompaction, StepsThatOnlySayWhoLedAreTrimmed) {
  History history = led_history();
  for (Microseconds at = 1; at <= 50; ++at) apply(history, task_status(TaskState::Active, at));
  apply(history, task_status(TaskState::Active, 51, "worth keeping"));
  for (Microseconds at = 52; at <= 60; ++at) apply(history, task_status(TaskState::Active, at));
  TaskStatus cleaning = task_status(TaskState::Cleaning, 61, "killed");
  cleaning.goal = TaskState::Failed;
  apply(history, cleaning);
  cleaning.goal = TaskState::Killed;  // another kill changes where it is going
  cleaning.at = {1062, 62};
  cleaning.reason = {};
  apply(history, cleaning);
  cleaning.at = {1063, 63};
  apply(history, cleaning);

  history.drop_old(4);
  std::vector<Microseconds> boots;
  for (const TaskStep& step : history.steps()) boots.push_back(step.status.at.boot);
  // The first, the reason, the two of CLEANING that say something new, and the last four that say
  // no more than who led.
  EXPECT_EQ(boots, (std::vector<Microseconds>{0, 51, 58, 59, 60, 61, 62, 63}));
  EXPECT_EQ(history.steps()[1].reason, "worth keeping");
  EXPECT_EQ(rebuilt(history), history);

  const History before = history;
  history.drop_old(4);
  EXPECT_EQ(history, before) << "dropping twice drops no more";
}

// The last one says in which boot the task is led, and until when it may take.
TEST(HistoryCompaction, TheLastStepStays) {
  History history = led_history();
  for (Microseconds at = 1; at <= 10; ++at) apply(history, task_status(TaskState::Active, at));
  history.drop_old(1);
  ASSERT_EQ(history.steps().size(), 2U);
  EXPECT_EQ(history.steps().front().status.at.boot, 0);
  EXPECT_EQ(history.steps().back().status.at.boot, 10);
}

TEST(HistoryCompaction, WhatWasOnlySeededIsNotWritten) {
  History history = led_history();
  history.intern("later");
  std::size_t records = 0;
  const History back = rebuilt(history, &records);
  EXPECT_EQ(records, 2U);
  EXPECT_EQ(back, history);
  EXPECT_FALSE(back.find("later"));
}

TEST(HistoryCompaction, OneWithoutAHeaderHasNothingToSay) {
  std::size_t records = 0;
  rebuilt(History(), &records);
  EXPECT_EQ(records, 0U);
}

TEST(HistoryCompaction, AnErrorOfWhoTakesIsTheAnswer) {
  History history = led_history();
  for (std::uint32_t run = 0; run < 4; ++run) add_run(history, "a", run, ProcessState::Success);
  apply(history, Replacement{1, {}, {}, {"a"}, {}, {}});
  EXPECT_EQ(history.replacements().size(), 1U);
  add_run(history, "a", 4, ProcessState::Success);
  history.drop_old(2);
  ProcessStatus waiting;
  waiting.process = "b";
  apply(history, waiting);
  apply(history, ProcessReport{"b", 0, ReportKind::Placed, {}, "n1", 0});
  apply(history, NodeChange{"n2", true, {}, {}});
  apply(history, ProcessOrder{"b", Verb::Fail, {}, {}, "too late"});
  apply(history, ProcessOrder{"a", Verb::Stop, {}, {}, {}});
  std::size_t all = 0;
  rebuilt(history, &all);
  for (std::size_t fail_at = 0; fail_at < all; ++fail_at) {
    std::size_t given = 0;
    const Status status = history.rewrite([&](const Record& /*record*/) -> Status {
      if (given == fail_at) return Error{ErrorCode::System, "no room"};
      ++given;
      return Done{};
    });
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, "no room");
    EXPECT_EQ(given, fail_at) << "it went on behind an error";
  }
}

// Enough for another program to go on with it.
TEST(HistoryCompaction, GivesTheRunUnderWayAlone) {
  History history = led_history();
  for (std::uint32_t run = 0; run < 3; ++run) add_run(history, "a", run, ProcessState::Failed);
  for (const bool first : {true, false}) {
    const ProcessHistory& process = history.process(0);
    ProcessHistory one = process;
    if (first) {
      History other = led_history();
      add_run(other, "a", 0, ProcessState::Failed);
      one = other.process(0);
    }
    History taken;
    apply(taken, header_with_logs());
    std::size_t records = 0;
    const auto take = [&](const Record& record) -> Status {
      ++records;
      const auto applied = taken.apply(record);
      return applied ? Status(Done{}) : Status(applied.error());
    };
    const Status given = give_current_run(one, take);
    ASSERT_TRUE(given.ok()) << given.error().message;
    EXPECT_EQ(records, first ? 4U : 5U);
    const ProcessHistory& again = taken.process(0);
    EXPECT_EQ(again.runs.size(), 1U);
    EXPECT_EQ(*again.current(), *one.current());
    EXPECT_EQ(again.next_seq, one.next_seq);
    EXPECT_EQ(again.totals, one.totals);
    for (std::size_t fail_at = 0; fail_at < records; ++fail_at) {
      std::size_t number = 0;
      const Status failed = give_current_run(one, [&](const Record& /*record*/) -> Status {
        if (number == fail_at) return Error{ErrorCode::System, "no room"};
        ++number;
        return Done{};
      });
      EXPECT_FALSE(failed.ok());
      EXPECT_EQ(number, fail_at);
    }
  }
}

TEST(HistoryCompaction, TellsHowManyRecordsWouldStay) {
  History history = led_history();
  for (std::uint32_t run = 0; run < 50; ++run) add_run(history, "a", run, ProcessState::Success);
  for (std::uint32_t run = 0; run < 3; ++run) add_run(history, "b", run, ProcessState::Success);
  const std::size_t told = history.records_after(10);
  history.drop_old(10);
  std::size_t records = 0;
  rebuilt(history, &records);
  EXPECT_GE(told, records);
  EXPECT_LE(told, records + 2) << "a summary for each process, at most";
}

// ---- reports -----------------------------------------------------------------------------------

ProcessReport ready_report(std::uint32_t run, Microseconds at) {
  return {"a", run, ReportKind::Ready, {1000 + at, at}, "file up", 0};
}

// Runs 0 to `runs` - 1 of "a", the first of which was ready.
History first_was_ready(std::uint32_t runs) {
  History history = led_history();
  ProcessStatus status;
  status.process = "a";
  for (const ProcessState state : {ProcessState::Waiting, ProcessState::Forked,
                                   ProcessState::Running, ProcessState::Success}) {
    status.seq = is_terminal(state) ? 3 : static_cast<unsigned>(state);
    status.state = state;
    apply(history, status);
    if (state == ProcessState::Running) apply(history, ready_report(0, 77));
  }
  for (std::uint32_t run = 1; run < runs; ++run) add_run(history, "a", run, ProcessState::Success);
  return history;
}

TEST(Reports, SayThatARunIsReady) {
  const History history = first_was_ready(2);
  EXPECT_EQ(history.process(0).runs[0].ready, (Timestamp{1077, 77}));
  EXPECT_FALSE(history.process(0).runs[1].ready);
  EXPECT_TRUE(history.process(0).was_ready);
}

TEST(Reports, OfRunsThatAreOverOrReadyAreRepeats) {
  History history = first_was_ready(2);
  const History before = history;
  for (const std::uint32_t run : {0U, 1U}) {
    const auto applied = history.apply(ready_report(run, 99));
    ASSERT_TRUE(applied.ok());
    EXPECT_EQ(*applied, History::Outcome::Repeat);
  }
  EXPECT_EQ(history, before);
}

TEST(Reports, OfRunsThatHaveNotBegunAreCorrupt) {
  History history = led_history();
  EXPECT_FALSE(history.apply(ready_report(0, 1)).ok());
  add_run(history, "a", 0, ProcessState::Success);
  EXPECT_FALSE(history.apply(ready_report(1, 1)).ok());
}

// The first run of "a" is under way.
History a_runs() {
  History history = led_history();
  ProcessStatus status;
  status.process = "a";
  for (const ProcessState state :
       {ProcessState::Waiting, ProcessState::Forked, ProcessState::Running}) {
    status.seq = static_cast<unsigned>(state);
    status.state = state;
    apply(history, status);
  }
  return history;
}

TEST(Reports, OfRefusalsCountThoseInARowUpToTheEnd) {
  History history = a_runs();
  const auto tell = [&](ReportKind kind) {
    const auto applied = history.apply(ProcessReport{"a", 0, kind, {1, 1}, "file well", 0});
    return applied.ok() && *applied == History::Outcome::Applied;
  };
  EXPECT_FALSE(tell(ReportKind::Healthy)) << "that is nothing new";
  EXPECT_TRUE(tell(ReportKind::Unhealthy) && tell(ReportKind::Unhealthy));
  EXPECT_TRUE(tell(ReportKind::Healthy) && tell(ReportKind::Unhealthy) &&
              tell(ReportKind::Unhealthy));
  EXPECT_EQ(history.process(0).runs[0].refusals, 2U);
  EXPECT_EQ(rebuilt(history), history);
  ProcessStatus status;
  status.process = "a";
  status.seq = 3;
  status.state = ProcessState::Failed;
  apply(history, status);
  EXPECT_EQ(history.process(0).runs[0].refusals, 0U);
  EXPECT_FALSE(tell(ReportKind::Unhealthy)) << "the run is over";
  EXPECT_EQ(rebuilt(history), history);
}

// A run under way, of which all has been reported that can be.
History told_all() {
  History history = a_runs();
  for (const ReportKind kind : {ReportKind::Ready, ReportKind::Unhealthy, ReportKind::Status,
                                ReportKind::Extended, ReportKind::Stopping, ReportKind::Ignored}) {
    apply(history, ProcessReport{"a", 0, kind, {1, 1}, "said", 5});
  }
  return history;
}

TEST(Reports, OfWhatItSaidOutliveACompaction) {
  const History history = told_all();
  EXPECT_EQ(rebuilt(history), history);
}

TEST(Reports, RefusalsAreCountedAsFarAsTheCounterGoes) {
  History history = told_all();
  for (int i = 0; i < 70'000; ++i) {
    apply(history, ProcessReport{"a", 0, ReportKind::Unhealthy, {1, 1}, {}, 0});
  }
  EXPECT_EQ(history.process(0).runs[0].refusals, 65'535U);
}

TEST(Reports, OfARunBeforeTheOneUnderWayAreRepeats) {
  History history = first_was_ready(2);
  ProcessStatus status;
  status.process = "a";
  status.seq = history.process(0).next_seq;
  status.run = 2;
  apply(history, status);
  const auto applied = history.apply(ProcessReport{"a", 0, ReportKind::Ignored, {1, 1}, {}, 0});
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(*applied, History::Outcome::Repeat);
  apply(history, ProcessReport{"a", 2, ReportKind::Ignored, {1, 1}, {}, 0});
  EXPECT_TRUE(history.process(0).said->ignored);
}

TEST(Orders, OfTheRunnerEndOnlyWhatIsUnderWayAndNotEndingYet) {
  History history = led_history();
  const ProcessOrder fail{"a", Verb::Fail, {2, 2}, {3, 3}, "too late"};
  apply(history, fail);
  EXPECT_FALSE(history.process(0).ending) << "nothing runs";
  ProcessStatus status;
  status.process = "a";
  apply(history, status);
  apply(history, ProcessOrder{"a", Verb::Stop, {1, 1}, {9, 9}, {}});
  apply(history, fail);
  EXPECT_FALSE(history.process(0).ending->failure) << "a user had stopped it before";
  ProcessOrder start{"a", Verb::Start, {4, 4}, {}, {}};
  start.revives = true;
  apply(history, start);
  EXPECT_EQ(history.process(0).forgiven, Forgiven()) << "it has not failed";
}

TEST(HistoryCompaction, OneOfAnotherConfigurationIsAnotherHistory) {
  const History history = led_history();
  History other = led_history();
  apply(other, Replacement{1, {}, {}, {}, {}, {}});
  EXPECT_FALSE(history == other);
}

TEST(Reports, ASecondOneOfItsKindIsARepeat) {
  History history = told_all();
  for (const ReportKind kind : {ReportKind::Ready, ReportKind::Status, ReportKind::Extended,
                                ReportKind::Stopping, ReportKind::Ignored}) {
    const auto applied = history.apply(ProcessReport{"a", 0, kind, {1, 1}, "again", 6});
    ASSERT_TRUE(applied.ok());
    EXPECT_EQ(*applied, History::Outcome::Repeat);
  }
  EXPECT_EQ(history, told_all());
}

TEST(Reports, AnErrorOfWhoTakesThemIsTheAnswer) {
  const History history = told_all();
  std::size_t all = 0;
  rebuilt(history, &all);
  for (std::size_t fail_at = 0; fail_at < all; ++fail_at) {
    std::size_t given = 0;
    const Status status = history.rewrite([&](const Record& /*record*/) -> Status {
      if (given++ == fail_at) return Error{ErrorCode::System, "no room"};
      return Done{};
    });
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(given, fail_at + 1) << "it went on behind an error";
  }
}

TEST(Reports, OutliveACompactionWithTheirRunAndWithoutIt) {
  History history = first_was_ready(3);
  EXPECT_EQ(rebuilt(history), history);
  history.drop_old(1);
  const History other = rebuilt(history);
  EXPECT_EQ(other, history);
  EXPECT_TRUE(other.process(0).was_ready) << "whoever needs it may not have run yet";
}

}  // namespace
}  // namespace thermos
