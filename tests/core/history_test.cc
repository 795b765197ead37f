#include "core/record/history.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "boots.h"

namespace thermos {
namespace {

using Outcome = History::Outcome;

RunnerHeader header() {
  RunnerHeader header;
  header.task_id = "job-1";
  header.sandbox = "/srv/job";
  header.ports = {{"http", 8080}};
  return header;
}

TaskStatus task(TaskState state, Microseconds at, BootId boot = kBoot) {
  TaskStatus status;
  status.state = state;
  status.at = {at, at};
  status.runner_pid = 100;
  status.boot = boot;
  return status;
}

ProcessStatus step(std::string_view process, std::uint64_t seq, std::uint32_t run,
                   ProcessState state, Microseconds at = 0) {
  ProcessStatus status;
  status.process = process;
  status.seq = seq;
  status.run = run;
  status.state = state;
  status.at = {1000 + at, at};
  if (state == ProcessState::Forked) {
    status.identity = {501, 9001};
    status.boot = kBoot;
  }
  if (state == ProcessState::Running) status.identity = {502, 9002};
  if (state == ProcessState::Success) status.return_code = 0;
  return status;
}

ProcessSummary summary(std::uint64_t next_seq, std::uint32_t next_run) {
  ProcessSummary summary;
  summary.process = "a";
  summary.next_seq = next_seq;
  summary.next_run = next_run;
  summary.totals = {4, 3, 2, 1};
  summary.first_failed = 2;
  summary.last_end = {77, 66};
  summary.boot = kBoot;
  return summary;
}

// A history that is led and holds no process yet.
History led() {
  History history;
  EXPECT_TRUE(history.apply(header()).ok());
  EXPECT_TRUE(history.apply(task(TaskState::Active, 1)).ok());
  return history;
}

void expect_applied(History& history, const Record& record) {
  if (const auto* status = std::get_if<ProcessStatus>(&record)) {
    EXPECT_TRUE(history.would_apply(*status));
  }
  const auto applied = history.apply(record);
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_EQ(*applied, Outcome::Applied);
}

void expect_repeat(History& history, const Record& record) {
  const History before = history;
  if (const auto* status = std::get_if<ProcessStatus>(&record)) {
    EXPECT_FALSE(history.would_apply(*status));
  }
  const auto applied = history.apply(record);
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_EQ(*applied, Outcome::Repeat);
  EXPECT_EQ(history, before);
}

// Returns the message.
std::string expect_refused(History& history, const Record& record) {
  const History before = history;
  const std::size_t processes = history.processes().size();
  if (const auto* status = std::get_if<ProcessStatus>(&record)) {
    EXPECT_FALSE(history.would_apply(*status));
  }
  const auto applied = history.apply(record);
  EXPECT_FALSE(applied.ok());
  if (applied.ok()) return {};
  EXPECT_EQ(applied.error().code, ErrorCode::Corrupt);
  EXPECT_EQ(history, before) << "a refused record changed something";
  EXPECT_EQ(history.processes().size(), processes);
  return applied.error().message;
}

TEST(History, AWholeRun) {
  History history = led();
  expect_applied(history, step("a", 0, 0, ProcessState::Waiting, 10));
  ASSERT_EQ(history.find("a"), 0U);
  EXPECT_TRUE(history.process(0).live());
  expect_applied(history, step("a", 1, 0, ProcessState::Forked, 20));
  expect_applied(history, step("a", 2, 0, ProcessState::Running, 30));
  expect_applied(history, step("a", 3, 0, ProcessState::Success, 40));

  const ProcessHistory& process = history.process(0);
  EXPECT_EQ(process.name, "a");
  EXPECT_FALSE(process.live());
  EXPECT_EQ(process.next_seq, 4U);
  EXPECT_EQ(process.next_run, 1U);
  EXPECT_EQ(process.totals, (RunTotals{1, 0, 0, 0}));
  EXPECT_EQ(process.last_end, (Timestamp{1040, 40}));
  EXPECT_EQ(process.last_boot, kBoot);
  ASSERT_EQ(process.runs.size(), 1U);
  const thermos::Run& run = process.runs[0];
  EXPECT_EQ(run.seq, 3U);
  EXPECT_EQ(run.state, ProcessState::Success);
  EXPECT_EQ(run.coordinator, (Identity{501, 9001}));
  EXPECT_EQ(run.process, (Identity{502, 9002}));
  EXPECT_EQ(run.boot, kBoot);
  EXPECT_EQ(run.waiting, (Timestamp{1010, 10}));
  EXPECT_EQ(run.forked, (Timestamp{1020, 20}));
  EXPECT_EQ(run.started, (Timestamp{1030, 30}));
  EXPECT_EQ(run.stopped, (Timestamp{1040, 40}));
  EXPECT_EQ(run.return_code, 0);
}

TEST(History, AFailedRunKeepsItsCodeReasonAndOrigin) {
  History history = led();
  expect_applied(history, step("a", 0, 0, ProcessState::Waiting));
  expect_applied(history, step("a", 1, 0, ProcessState::Forked));
  expect_applied(history, step("a", 2, 0, ProcessState::Running));
  ProcessStatus failed = step("a", 3, 0, ProcessState::Failed, 9);
  failed.return_code = 7;
  failed.origin = Origin::FoundAtResume;
  std::string reason = "exited with 7";
  failed.reason = reason;
  expect_applied(history, failed);
  reason.assign(reason.size(), '?');  // the history keeps its own copy
  const thermos::Run& run = history.process(0).runs[0];
  EXPECT_EQ(run.return_code, 7);
  EXPECT_EQ(run.reason, "exited with 7");
  EXPECT_EQ(run.origin, Origin::FoundAtResume);
  EXPECT_EQ(run.stopped, (Timestamp{1009, 9}));
}

TEST(History, TotalsOfEveryEnd) {
  History history = led();
  std::uint64_t seq = 0;
  std::uint32_t run = 0;
  for (const auto end :
       {ProcessState::Success, ProcessState::Failed, ProcessState::Failed, ProcessState::Killed,
        ProcessState::Lost, ProcessState::Lost, ProcessState::Lost}) {
    expect_applied(history, step("a", seq++, run, ProcessState::Waiting));
    expect_applied(history, step("a", seq++, run, ProcessState::Forked));
    expect_applied(history, step("a", seq++, run, ProcessState::Running));
    expect_applied(history, step("a", seq++, run++, end));
  }
  EXPECT_EQ(history.process(0).totals, (RunTotals{1, 2, 1, 3}));
  EXPECT_EQ(history.process(0).totals.all(), 7U);
  EXPECT_EQ(history.process(0).first_failed, 1U);
  EXPECT_EQ(history.process(0).runs.size(), 7U);
}

TEST(History, EveryTransitionByTheTable) {
  const auto path_to = [](ProcessState state) {
    History history = led();
    std::uint64_t seq = 0;
    const auto go = [&](ProcessState s) {
      EXPECT_TRUE(history.apply(step("a", seq++, 0, s)).ok());
    };
    go(ProcessState::Waiting);
    if (state != ProcessState::Waiting) go(ProcessState::Forked);
    if (state >= ProcessState::Running) go(ProcessState::Running);
    if (is_terminal(state)) go(state);
    return history;
  };
  for (std::size_t i = 0; i < kProcessStates; ++i) {
    for (std::size_t j = 0; j < kProcessStates; ++j) {
      const auto from = static_cast<ProcessState>(i);
      const auto to = static_cast<ProcessState>(j);
      History history = path_to(from);
      const std::uint64_t seq = history.process(0).next_seq;
      const std::uint32_t run = starts_run(to) ? 1 : 0;
      const bool allowed = starts_run(to) ? is_terminal(from) : may_follow(from, to);
      if (allowed) {
        expect_applied(history, step("a", seq, run, to));
      } else {
        const std::string why = expect_refused(history, step("a", seq, run, to));
        EXPECT_NE(why.find(name_of(to)), std::string::npos) << why;
        EXPECT_NE(why.find(name_of(from)), std::string::npos) << why;
      }
    }
  }
}

TEST(History, AShortageIsOfATaskThatRuns) {
  History history;
  TaskStatus shortage;
  shortage.shortage = Shortage::Disk;
  EXPECT_EQ(history.apply(shortage).error().code, ErrorCode::Corrupt);
  RunnerHeader header;
  header.task_id = "t";
  ASSERT_TRUE(history.apply(header).ok());
  EXPECT_EQ(history.apply(shortage).error().code, ErrorCode::Corrupt);
}

TEST(History, RepeatsChangeNothing) {
  History history = led();
  const ProcessStatus records[] = {step("a", 0, 0, ProcessState::Waiting),
                                   step("a", 1, 0, ProcessState::Forked),
                                   step("a", 2, 0, ProcessState::Killed)};
  for (const auto& record : records) expect_applied(history, record);
  for (const auto& record : records) expect_repeat(history, record);
  expect_repeat(history, header());
  expect_repeat(history, task(TaskState::Active, 1));
}

TEST(History, GapsNameProcessExpectedAndFound) {
  History history = led();
  expect_applied(history, step("weather", 0, 0, ProcessState::Waiting));
  std::string why = expect_refused(history, step("weather", 17, 0, ProcessState::Forked));
  for (const char* part : {"\"weather\"", " 1 ", " 17 "}) {
    EXPECT_NE(why.find(part), std::string::npos) << why;
  }
  why = expect_refused(history, step("new", 1, 0, ProcessState::Forked));
  EXPECT_NE(why.find("\"new\""), std::string::npos) << why;
  EXPECT_FALSE(history.find("new"));
}

TEST(History, RunNumbersRiseByOne) {
  History history = led();
  expect_refused(history, step("a", 0, 1, ProcessState::Waiting));
  expect_applied(history, step("a", 0, 0, ProcessState::Waiting));
  const std::string why = expect_refused(history, step("a", 1, 1, ProcessState::Forked));
  EXPECT_NE(why.find("run 1 where run 0"), std::string::npos) << why;
  expect_applied(history, step("a", 1, 0, ProcessState::Failed));
  expect_refused(history, step("a", 2, 0, ProcessState::Waiting));
  expect_refused(history, step("a", 2, 2, ProcessState::Waiting));
  expect_applied(history, step("a", 2, 1, ProcessState::Waiting));
}

TEST(History, ARunIsFoundByItsNumberAsLongAsItIsKept) {
  EXPECT_EQ(ProcessHistory().run(0), nullptr);
  History history = led();
  for (std::uint32_t run = 0; run < 3; ++run) {
    expect_applied(history, step("a", std::uint64_t{2} * run, run, ProcessState::Waiting));
    expect_applied(history, step("a", std::uint64_t{2} * run + 1, run, ProcessState::Failed));
  }
  history.drop_old(2);
  const ProcessHistory& process = history.process(0);
  EXPECT_EQ(process.run(0), nullptr);
  ASSERT_NE(process.run(1), nullptr);
  EXPECT_EQ(process.run(1)->number, 1U);
  EXPECT_EQ(process.run(2), process.current());
  EXPECT_EQ(process.run(3), nullptr);
}

TEST(History, AFirstRecordOfALaterRun) {
  History history = led();
  EXPECT_FALSE(history.would_apply(step("a", 0, 1, ProcessState::Waiting)));
  EXPECT_FALSE(history.apply(step("a", 0, 1, ProcessState::Waiting)).ok());
  EXPECT_FALSE(history.would_apply(step("a", 1, 0, ProcessState::Waiting)));
  EXPECT_TRUE(history.would_apply(step("a", 0, 0, ProcessState::Waiting)));
}

TEST(History, AFirstRecordThatIsNotWaiting) {
  History history = led();
  expect_refused(history, step("a", 0, 0, ProcessState::Forked));
  expect_refused(history, step("a", 0, 0, ProcessState::Lost));
}

TEST(History, ForkedSaysThatThereWasAWaiting) {
  History history = led();
  const ProcessStatus forked = step("a", 1, 0, ProcessState::Forked, 7);
  const auto waiting = history.missing_waiting(forked);
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->process, "a");
  EXPECT_EQ(waiting->seq, 0U);
  EXPECT_EQ(waiting->state, ProcessState::Waiting);
  EXPECT_EQ(waiting->origin, Origin::FoundAtResume);
  EXPECT_EQ(waiting->at, forked.at);
  expect_applied(history, *waiting);
  EXPECT_FALSE(history.missing_waiting(forked)) << "it is there";
  expect_applied(history, forked);
  EXPECT_FALSE(history.missing_waiting(forked));
  // One that lives: it is not WAITING that is missing.
  EXPECT_FALSE(history.missing_waiting(step("a", 3, 1, ProcessState::Forked)));
  expect_applied(history, step("a", 2, 0, ProcessState::Running));
  expect_applied(history, step("a", 3, 0, ProcessState::Success));
  // More than WAITING is missing, the run is another, or it says nothing of a beginning.
  EXPECT_FALSE(history.missing_waiting(step("a", 6, 1, ProcessState::Forked)));
  EXPECT_FALSE(history.missing_waiting(step("a", 5, 2, ProcessState::Forked)));
  EXPECT_FALSE(history.missing_waiting(step("a", 5, 1, ProcessState::Running)));
  EXPECT_FALSE(history.missing_waiting(step("b", 0, 0, ProcessState::Forked)));
  const auto second = history.missing_waiting(step("a", 5, 1, ProcessState::Forked));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->seq, 4U);
  EXPECT_EQ(second->run, 1U);
  EXPECT_FALSE(History().missing_waiting(forked)) << "nothing is before the header";
}

TEST(History, AStepThatOnlySaysWhoLeads) {
  const TaskStep active{task(TaskState::Active, 1), ""};
  TaskStep step{task(TaskState::Active, 2, kNextBoot), ""};
  EXPECT_TRUE(only_takes_lead(active, step));
  step.reason = "asked by pid 7";
  EXPECT_FALSE(only_takes_lead(active, step));
  const TaskStep cleaning{task(TaskState::Cleaning, 3), ""};
  EXPECT_FALSE(only_takes_lead(active, cleaning));
  TaskStep again = cleaning;
  EXPECT_TRUE(only_takes_lead(cleaning, again));
  again.status.goal = TaskState::Killed;
  EXPECT_FALSE(only_takes_lead(cleaning, again));
}

TEST(History, TheHeaderComesFirstAndOnce) {
  History history;
  expect_refused(history, task(TaskState::Active, 1));
  expect_refused(history, step("a", 0, 0, ProcessState::Waiting));
  expect_refused(history, summary(3, 1));
  EXPECT_FALSE(history.header());
  expect_applied(history, header());
  EXPECT_EQ(history.header(), header());
  expect_repeat(history, header());
  RunnerHeader other = header();
  other.ports["http"] = 8081;
  expect_refused(history, other);
  EXPECT_EQ(history.header(), header());
}

TEST(History, EveryTaskTransitionByTheTable) {
  const std::vector<std::vector<TaskState>> paths = {
      {TaskState::Active},
      {TaskState::Active, TaskState::Cleaning},
      {TaskState::Active, TaskState::Cleaning, TaskState::Finalizing},
      {TaskState::Active, TaskState::Cleaning, TaskState::Success},
      {TaskState::Active, TaskState::Cleaning, TaskState::Failed},
      {TaskState::Active, TaskState::Cleaning, TaskState::Killed},
      {TaskState::Active, TaskState::Cleaning, TaskState::Lost}};
  for (const auto& path : paths) {
    for (std::size_t j = 0; j < kTaskStates; ++j) {
      History history;
      expect_applied(history, header());
      Microseconds at = 0;
      for (const TaskState state : path) expect_applied(history, task(state, ++at));
      const auto to = static_cast<TaskState>(j);
      if (may_follow(path.back(), to)) {
        expect_applied(history, task(to, 99));
        EXPECT_EQ(history.state(), to);
        EXPECT_EQ(history.steps().size(), path.size() + 1);
      } else {
        expect_refused(history, task(to, 99));
      }
    }
  }
}

TEST(History, TaskReasonsAreKept) {
  History history = led();
  std::string reason = "killed by operator";
  TaskStatus cleaning = task(TaskState::Cleaning, 5);
  cleaning.goal = TaskState::Killed;
  cleaning.reason = reason;
  expect_applied(history, cleaning);
  reason.assign(reason.size(), '?');
  ASSERT_EQ(history.steps().size(), 2U);
  EXPECT_EQ(history.steps()[1].reason, "killed by operator");
  EXPECT_TRUE(history.steps()[1].status.reason.empty());
  EXPECT_EQ(history.steps()[1].status.goal, TaskState::Killed);
  cleaning.reason = "killed by operator";
  expect_repeat(history, cleaning);
  cleaning.reason = "another";  // the same state once more is a step of its own
  expect_applied(history, cleaning);
}

TEST(History, TheBootOfTheLastEnd) {
  History history = led();
  // Never forked: the runner wrote the end, and says in which boot.
  expect_applied(history, step("a", 0, 0, ProcessState::Waiting));
  ProcessStatus unlaunched = step("a", 1, 0, ProcessState::Failed);
  unlaunched.boot = kBoot;
  expect_applied(history, unlaunched);
  EXPECT_EQ(history.process(0).last_boot, kBoot);

  expect_applied(history, step("a", 2, 1, ProcessState::Waiting));
  expect_applied(history, step("a", 3, 1, ProcessState::Forked));
  expect_applied(history, step("b", 0, 0, ProcessState::Waiting));
  expect_applied(history, step("b", 1, 0, ProcessState::Forked));
  expect_applied(history, step("b", 2, 0, ProcessState::Running));
  expect_applied(history, task(TaskState::Active, 2, kNextBoot));

  // Written by the runner of the next boot, by its clock.
  ProcessStatus lost = step("a", 4, 1, ProcessState::Lost, 3);
  lost.origin = Origin::Reboot;
  lost.boot = kNextBoot;
  expect_applied(history, lost);
  EXPECT_EQ(history.process(0).last_boot, kNextBoot);
  // Written by the coordinator, before the reboot.
  ProcessStatus found = step("b", 3, 0, ProcessState::Success, 70);
  found.origin = Origin::FoundAtResume;
  expect_applied(history, found);
  EXPECT_EQ(history.process(1).last_boot, kBoot);
}

TEST(History, ASummaryStandsForDroppedRuns) {
  History history = led();
  const ProcessSummary dropped = summary(40, 10);
  expect_applied(history, dropped);
  const ProcessHistory& process = history.process(0);
  EXPECT_EQ(process.totals.all(), 10U);
  EXPECT_EQ(process.last_end, (Timestamp{77, 66}));
  EXPECT_EQ(process.last_boot, kBoot);
  EXPECT_EQ(process.first_failed, 2U);
  EXPECT_EQ(process.current(), nullptr);
  expect_repeat(history, dropped);
  expect_repeat(history, step("a", 39, 9, ProcessState::Lost));
  expect_refused(history, step("a", 41, 10, ProcessState::Waiting));
  expect_refused(history, step("a", 40, 9, ProcessState::Lost));
  expect_refused(history, step("a", 40, 11, ProcessState::Waiting));
  expect_applied(history, step("a", 40, 10, ProcessState::Waiting));
  expect_applied(history, step("a", 41, 10, ProcessState::Failed));
  EXPECT_EQ(history.process(0).totals.failed, 4U);
  EXPECT_EQ(history.process(0).first_failed, 2U) << "the first stays the first";
  expect_repeat(history, dropped);
  expect_refused(history, summary(50, 12));
}

TEST(History, RefusesWhatLeavesNoNumberForTheNext) {
  constexpr auto kLastSeq = std::numeric_limits<std::uint64_t>::max();
  constexpr auto kLastRun = std::numeric_limits<std::uint32_t>::max();
  History seqs = led();
  expect_applied(seqs, summary(kLastSeq - 1, 7));
  expect_applied(seqs, step("a", kLastSeq - 1, 7, ProcessState::Waiting));
  expect_refused(seqs, step("a", kLastSeq, 7, ProcessState::Forked));
  History runs = led();
  expect_applied(runs, summary(9, kLastRun - 1));
  expect_applied(runs, step("a", 9, kLastRun - 1, ProcessState::Waiting));
  expect_applied(runs, step("a", 10, kLastRun - 1, ProcessState::Forked));
  expect_applied(runs, step("a", 11, kLastRun - 1, ProcessState::Lost));
  expect_refused(runs, step("a", 12, kLastRun, ProcessState::Waiting));
}

TEST(History, ASummaryThatCanNotBe) {
  History history = led();
  constexpr auto kFar = std::numeric_limits<std::uint64_t>::max();
  expect_refused(history, summary(0, 0));
  expect_refused(history, summary(kFar, 5));
  expect_refused(history, summary(5, std::numeric_limits<std::uint32_t>::max()));
}

TEST(History, SeedingGivesTheTasksOwnOrder) {
  History history;
  EXPECT_EQ(history.intern("b"), 0U);
  EXPECT_EQ(history.intern("a"), 1U);
  EXPECT_EQ(history.intern("b"), 0U);
  EXPECT_FALSE(history.process(0).live());
  EXPECT_EQ(history, History()) << "what was only seeded counts as absent";
  expect_applied(history, header());
  expect_applied(history, step("a", 0, 0, ProcessState::Waiting));
  EXPECT_EQ(history.find("a"), 1U);
  EXPECT_EQ(history.process(1).runs.size(), 1U);
}

TEST(History, OneThatIsLedOtherwiseOrByAnotherIsNotEqual) {
  History other;
  RunnerHeader other_header = header();
  other_header.task_id = "job-2";
  expect_applied(other, other_header);
  expect_applied(other, task(TaskState::Active, 1));
  EXPECT_FALSE(other == led());
  History ending = led();
  expect_applied(ending, task(TaskState::Cleaning, 2));
  EXPECT_FALSE(ending == led());
  History one = led();
  History two = led();
  expect_applied(one, step("a", 0, 0, ProcessState::Waiting));
  expect_applied(two, step("b", 0, 0, ProcessState::Waiting));
  EXPECT_FALSE(one == two);
}

TEST(History, EqualityIsOfMeaning) {
  History one = led();
  History two = led();
  two.intern("z");
  expect_applied(one, step("a", 0, 0, ProcessState::Waiting));
  expect_applied(one, step("b", 0, 0, ProcessState::Waiting));
  expect_applied(two, step("b", 0, 0, ProcessState::Waiting));
  EXPECT_FALSE(one == two);
  expect_applied(two, step("a", 0, 0, ProcessState::Waiting));
  EXPECT_TRUE(one == two);
  EXPECT_TRUE(two == one);
  expect_applied(two, step("a", 1, 0, ProcessState::Failed));
  EXPECT_FALSE(one == two);
  expect_applied(one, step("c", 0, 0, ProcessState::Waiting));
  EXPECT_FALSE(one == two);
  EXPECT_FALSE(two == one);
}

// A history stays whole while its processes and runs grow out of their first room.
TEST(History, ManyProcessesAndRuns) {
  History history = led();
  for (std::uint32_t run = 0; run < 50; ++run) {
    for (int p = 0; p < 200; ++p) {
      const std::string name = "process-" + std::to_string(p);
      const std::uint64_t seq = std::uint64_t{3} * run;
      expect_applied(history, step(name, seq, run, ProcessState::Waiting));
      expect_applied(history, step(name, seq + 1, run, ProcessState::Forked));
      expect_applied(history, step(name, seq + 2, run, ProcessState::Lost));
    }
  }
  EXPECT_EQ(history.processes().size(), 200U);
  for (const auto& process : history.processes()) {
    EXPECT_EQ(process.runs.size(), 50U);
    EXPECT_EQ(process.totals.lost, 50U);
  }
}

TEST(History, OriginsHaveNames) {
  EXPECT_EQ(name_of(Origin::Recorded), "recorded");
  EXPECT_EQ(name_of(Origin::FoundAtResume), "found at resume");
  EXPECT_EQ(name_of(Origin::CoordinatorGone), "coordinator vanished");
  EXPECT_EQ(name_of(Origin::Reboot), "lost by reboot");
  EXPECT_EQ(name_of(Origin::Repaired), "repaired");
}

// ---- nodes -------------------------------------------------------------------------------------

TEST(NodesOfAHistory, AreGoneUntilTheyAreBack) {
  History none;
  EXPECT_FALSE(none.apply(NodeChange{"n1", true, {}, {}}).ok());
  History history = led();
  const History before = history;
  expect_repeat(history, NodeChange{"n1", false, {}, {}});
  expect_applied(history, NodeChange{"n1", true, {}, "x"});
  expect_repeat(history, NodeChange{"n1", true, {}, "x"});
  EXPECT_TRUE(history.is_gone("n1"));
  EXPECT_FALSE(history.is_gone("n2"));
  EXPECT_FALSE(history == before);
  expect_applied(history, NodeChange{"n1", false, {}, {}});
  EXPECT_FALSE(history.is_gone("n1"));
  EXPECT_EQ(history, before);
}

TEST(NodesOfAHistory, ARunIsPlacedWhileItWaits) {
  History history = led();
  expect_applied(history, step("a", 0, 0, ProcessState::Waiting));
  const ProcessReport there{"a", 0, ReportKind::Placed, {}, "n1", 0};
  const ProcessReport elsewhere{"a", 0, ReportKind::Placed, {}, "n2", 0};
  expect_applied(history, there);
  expect_repeat(history, there);
  expect_applied(history, elsewhere);
  EXPECT_EQ(*history.process(0).current()->node, "n2");
  expect_applied(history, step("a", 1, 0, ProcessState::Forked));
  expect_repeat(history, there);
  EXPECT_EQ(*history.process(0).current()->node, "n2");
}

}  // namespace
}  // namespace thermos
