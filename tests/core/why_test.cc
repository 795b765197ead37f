// What is said of the processes of a task that a runner leads.
#include "core/explain/why.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/explain/ending.h"
#include "core/explain/why_task.h"
#include "core/runner/timeouts.h"
#include "runner_fixture.h"

namespace thermos {
namespace {

class WhyTest : public RunnerFixture {
 protected:
  void begin() {
    lead();
    note();
    told(TimerDue{});
  }
  void told(const Event& event) {
    tell(event);
    note();
  }
  void note() {
    for (const Append& append : all<Append>()) {
      const Status taken = chronicle_.take(append.record);
      ASSERT_TRUE(taken.ok()) << taken.error().message;
    }
  }
  // The run of `p` that is to start goes that far.
  void goes(ProcessIndex p, State state, std::optional<std::int32_t> return_code = {},
            std::string_view reason = {}) {
    const thermos::Run& run = *runner_->past(p).current();
    for (const State next : {State::Forked, State::Running, state}) {
      if (next <= run.state) continue;
      CoordinatorRecord wrote{
          p, record(task_.processes[p].name, runner_->past(p).next_seq, run.number, next)};
      if (is_terminal(next)) {
        wrote.status.return_code = return_code;
        wrote.status.reason = reason;
      }
      told(wrote);
      if (next == state) return;
    }
  }
  void pass(Microseconds seconds) { now_ = later(now_, seconds * kSecond); }

  Situation situation(std::optional<bool> led = true) const {
    return Situation(task_, graph_, chronicle_, now_.wall, led);
  }
  Answer answer(const std::string& process, std::optional<std::uint32_t> run = {}) const {
    const Situation now = situation();
    Result<Answer> found = why_process(now, process, run);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found ? *found : Answer();
  }
  static std::string kinds(const Answer& answer) {
    std::string text;
    for (const Cause& cause : answer.causes) {
      if (!text.empty()) text += " ";
      text += std::string(name_of(cause.kind));
      if (!cause.process.empty()) text += ":" + cause.process;
    }
    return text;
  }
  std::string why(const std::string& process, std::optional<std::uint32_t> run = {}) const {
    return kinds(answer(process, run));
  }
  std::string why_all(std::optional<bool> led = true) const {
    return kinds(why_task(situation(led)));
  }

  static const ProcessHistory& past_in(const Chronicle& chronicle, std::string_view name) {
    return chronicle.history().process(*chronicle.history().find(name));
  }

  Chronicle chronicle_;
};

TEST_F(WhyTest, AProcessWaitsForAnotherOneDownToTheOneThatRuns) {
  add("a");
  add("b").needs.entries = {{"a", Condition::Success}};
  add("c").needs.entries = {{"b", Condition::Start}};
  begin();
  goes(0, State::Running);
  pass(3);
  EXPECT_EQ(why("a"), "runs:a met:a");
  EXPECT_EQ(why("b"), "need:a runs:a");
  EXPECT_EQ(why("c"), "need:b need:a runs:a");
  EXPECT_EQ(answer("c").answer, "c waits for the start of b");
  EXPECT_EQ(answer("b").state, "WAITING");
  EXPECT_EQ(answer("a").state, "RUNNING");
  EXPECT_EQ(answer("a").answer.substr(0, 19), "a, run 0 runs for 3");
}

TEST_F(WhyTest, WhatCanNeverRunSaysBecauseOfWhom) {
  task_.max_failures = 0;
  add("a");
  add("b").needs.entries = {{"a", Condition::Success}};
  add("c").needs.entries = {{"b", Condition::Success}, {"d", Condition::Success}};
  add("d");
  begin();
  goes(0, State::Failed, 3);
  goes(3, State::Running);
  EXPECT_EQ(why("c"), "never:b need:d never:a exit:a");
  EXPECT_EQ(answer("c").answer, "c never ran and will not: c can't run: it needs the success of b");
  EXPECT_NE(answer("c").advice.find("`thermos start t-1 a` runs it again"), std::string::npos);
  EXPECT_EQ(answer("c").output->process, "a");
}

TEST_F(WhyTest, AProcessWaitsForTheClock) {
  add("a").max_failures = 3;
  task_.processes[0].min_duration = 20 * kSecond;
  begin();
  goes(0, State::Failed, 3);
  pass(5);
  EXPECT_EQ(why("a"), "clock:a exit:a");
  const Cause clock = answer("a").causes.front();
  ASSERT_TRUE(clock.until);
  EXPECT_EQ((*clock.until - now_.wall) / kSecond, 14);
  EXPECT_NE(clock.text.find("min_duration"), std::string::npos);
  EXPECT_EQ(answer("a").state, "FAILED");
  pass(20);
  told(TimerDue{});
  goes(0, State::Running);
  EXPECT_EQ(why("a"), "runs:a again:a");
}

TEST_F(WhyTest, ABackoffIsNamed) {
  add("a").max_failures = 9;
  task_.processes[0].min_duration = 0;
  task_.processes[0].backoff.emplace();
  begin();
  for (int failures = 1; failures <= 2; ++failures) {
    goes(0, State::Failed, 3);
    if (failures == 2) break;
    pass(2);
    told(TimerDue{});
  }
  EXPECT_EQ(why("a"), "clock:a exit:a");
  EXPECT_NE(answer("a").causes.front().text.find("backoff (2 failures in a row)"),
            std::string::npos);
}

TEST_F(WhyTest, AProcessWaitsForAPlaceOrForAPool) {
  task_.max_concurrency = 2;
  task_.pools.entries = {{"seat", 2}};
  add("a").uses.entries = {{"seat", 2}};
  add("b").uses.entries = {{"seat", 1}};
  add("c");
  add("d");
  begin();
  goes(0, State::Running);
  EXPECT_EQ(why("d"), "concurrency:d");
  EXPECT_NE(answer("d").causes.front().text.find("which a and c have"), std::string::npos);
  goes(2, State::Success, 0);
  EXPECT_EQ(why("d"), "launch:d met:d concurrency:c");
  goes(3, State::Success, 0);
  EXPECT_EQ(why("b"), "pool:b");
  EXPECT_EQ(answer("b").answer, "b waits for 1 of pool seat, of which a has 2 of 2");
}

// There was room long before it ran again.
TEST_F(WhyTest, ABackoffOrAnOrderIsNoWaitForAPlace) {
  task_.max_concurrency = 1;
  add("p").max_failures = 0;
  task_.processes[0].min_duration = 0;
  task_.processes[0].backoff = Backoff{6 * kSecond, 2, 60 * kSecond, {}};
  add("q");
  begin();
  goes(0, State::Failed, 1);
  goes(1, State::Running);
  pass(2);
  goes(1, State::Success, 0);
  pass(4);
  told(TimerDue{});
  goes(0, State::Running);
  EXPECT_EQ(why("p"), "runs:p again:p");
}

TEST_F(WhyTest, AProcessThatWasHeldDidNotWaitForAPlace) {
  task_.max_concurrency = 1;
  add("q");
  add("p");
  begin();
  told(OrderRequest{"p", Verb::Stop, {}, ""});
  pass(5);
  goes(0, State::Success, 0);
  pass(30);
  told(OrderRequest{"p", Verb::Start, {}, ""});
  goes(1, State::Running);
  EXPECT_EQ(why("p").find("concurrency"), std::string::npos) << why("p");
}

TEST_F(WhyTest, AStartBehindAStopIsNotWhatEndsARun) {
  add("a");
  begin();
  goes(0, State::Running);
  told(OrderRequest{"a", Verb::Stop, {}, "asked by pid 8"});
  told(OrderRequest{"a", Verb::Start, {}, "asked by pid 9"});
  EXPECT_NE(answer("a").causes[1].text.find("by a stop: asked by pid 8"), std::string::npos)
      << answer("a").causes[1].text;
}

TEST_F(WhyTest, AnOrderHoldsAProcess) {
  add("a");
  add("b").needs.entries = {{"a", Condition::Success}};
  begin();
  told(OrderRequest{"a", Verb::Stop, {}, "asked by pid 7"});
  told(LaunchCancelled{0, 0});
  EXPECT_EQ(why("b").substr(0, 6), "need:a");
  EXPECT_NE(why("a").find("launch:a"), std::string::npos) << why("a");
  told(OrderRequest{"a", Verb::Start, {}, ""});
  goes(0, State::Running);
  told(OrderRequest{"a", Verb::Stop, {}, "asked by pid 8"});
  EXPECT_EQ(why("a"), "runs:a ending:a met:a");
  EXPECT_NE(answer("a").causes[1].text.find("by a stop: asked by pid 8"), std::string::npos);
  goes(0, State::Killed, -15);
  EXPECT_EQ(why("a"), "hold:a");
  EXPECT_EQ(answer("a").answer, "a was stopped: asked by pid 8");
  EXPECT_EQ(why("b"), "need:a hold:a");
  EXPECT_EQ(why("a", 0), "ordered:a ordered:a met:a");
  told(OrderRequest{"a", Verb::Start, {}, "asked by pid 9"});
  goes(0, State::Running);
  EXPECT_EQ(why("a"), "runs:a ordered:a again:a");
}

TEST_F(WhyTest, AFinalizerWaitsForTheEnd) {
  add("a");
  add("last").final = true;
  add("after").final = true;
  task_.processes[2].needs.entries = {{"last", Condition::Success}};
  begin();
  EXPECT_EQ(why("last"), "stage:last");
  goes(0, State::Success, 0);
  goes(1, State::Running);
  EXPECT_EQ(why("last"), "runs:last met:last");
  EXPECT_EQ(why("after"), "need:last runs:last");
  goes(1, State::Failed, 1);
  EXPECT_EQ(why("after"), "never:last exit:last");
  EXPECT_EQ(why_all(), "task_ends more") << "the finalizer that failed is named";
}

TEST_F(WhyTest, AFailedTaskLeadsWithWhatFailedFirst) {
  task_.max_failures = 3;
  for (const std::string name : {"a", "b", "c", "d"}) add(name);
  add("e").needs.entries = {{"d", Condition::Success}};
  begin();
  goes(3, State::Running);
  pass(1);
  goes(1, State::Failed, 3);
  pass(1);
  goes(0, State::Failed, 3);
  pass(1);
  goes(2, State::Failed, 4);
  EXPECT_EQ(why_all(), "limit exit:b more exit:c more runs:d");
  goes(3, State::Killed, -15);
  const Answer task = why_task(situation());
  EXPECT_EQ(task.answer, "the task is FAILED: b failed first, exit 3");
  EXPECT_EQ(task.output->process, "b");
  EXPECT_EQ(kinds(task), "limit exit:b more exit:c more");
  EXPECT_EQ(task.causes[2].text, "1 other ended alike: a");
  EXPECT_EQ(task.causes[4].text, "1 process has not run");
  EXPECT_EQ(why("d"), "signal:d limit exit:b more exit:c met:d");
  EXPECT_EQ(why("e"), "limit exit:b more exit:c");
  EXPECT_EQ(answer("e").answer.substr(0, 25), "e never ran and will not:");
}

// A runner reads its clock once for all that it takes at a time, and a coordinator its own.
TEST_F(WhyTest, TheOrderOfTheRecordsTellsWhatEndedTheTask) {
  add("a");
  add("b");
  begin();
  goes(0, State::Running);
  goes(1, State::Running);
  CoordinatorRecord wrote{0, record("a", 3, 0, State::Failed)};
  wrote.status.at = later(now_, kSecond);
  wrote.status.return_code = 3;
  told(wrote);
  goes(1, State::Failed, 143);
  EXPECT_EQ(why_all(), "limit exit:a more") << "what failed with the task is named";
  EXPECT_EQ(why_task(situation()).causes.back().text,
            "1 other process failed: b; `thermos why t-1 b` says why");
  EXPECT_EQ(why("b"), "exit:b met:b");
  // What a compaction leaves is in no order.
  History history = chronicle_.history();
  Chronicle compacted;
  ASSERT_TRUE(history.rewrite([&](const Record& record) { return compacted.take(record); }).ok());
  const ProcessHistory& past = past_in(compacted, "a");
  EXPECT_TRUE(compacted.ended_with_task(past, *past.current()));
  EXPECT_FALSE(chronicle_.ended_with_task(past, *past.current()));
}

TEST_F(WhyTest, FailuresThatEndedNothingAreNamed) {
  task_.max_failures = 0;
  add("a");
  add("b");
  add("c").max_failures = 3;
  add("d").final = true;
  begin();
  goes(0, State::Failed, 3);
  goes(2, State::Failed, 4);
  goes(1, State::Running);
  EXPECT_EQ(why_all(), "exit:a runs:b more");
  EXPECT_EQ(why_task(situation()).causes.back().text,
            "1 other process failed: c; `thermos why t-1 c` says why");
  goes(1, State::Success, 0);
  pass(60);
  told(TimerDue{});
  goes(2, State::Success, 0);
  goes(3, State::Failed, 9);
  ASSERT_EQ(situation().state(), TaskState::Success);
  EXPECT_EQ(why_all(), "task_ends more");
  EXPECT_EQ(why_task(situation()).causes.back().text,
            "2 processes failed: a and d; `thermos why t-1 a` says why");
}

TEST_F(WhyTest, ATaskThatCanNotGoOnSaysSo) {
  task_.max_failures = 2;
  add("a");
  add("b").needs.entries = {{"a", Condition::Success}};
  begin();
  goes(0, State::Failed, std::nullopt, "cannot run x: it is not in PATH");
  EXPECT_EQ(why_all(), "deadlock unstarted:a never:b more");
}

TEST_F(WhyTest, AKillNamesWhoAskedForIt) {
  add("a");
  begin();
  goes(0, State::Running);
  told(KillRequest{{}, false, "asked by pid 7"});
  EXPECT_EQ(why("a"), "runs:a kill met:a");
  told(KillRequest{{}, true, "asked by pid 8"});
  EXPECT_EQ(why_all(), "kill kill runs:a");
  goes(0, State::Killed, -15);
  EXPECT_EQ(why("a"), "signal:a kill kill met:a");
  EXPECT_EQ(answer("a").causes[1].text, "the task was killed: asked by pid 7");
  EXPECT_EQ(answer("a").causes[2].text, "then the task was killed: asked by pid 8");
}

TEST_F(WhyTest, ATaskThatRunsSaysWhatItWaitsFor) {
  add("a");
  add("b").needs.entries = {{"a", Condition::Success}};
  begin();
  EXPECT_EQ(why_all(), "launch:a");
  goes(0, State::Running);
  EXPECT_EQ(why_all(), "runs:a");
  EXPECT_EQ(why_all(false), "runs:a leader");
  EXPECT_EQ(why_task(situation()).answer,
            "the task is ACTIVE: 0 of 2 done, 1 under way, 1 waiting");
  told(YieldRequest{kUsualGrace, "SIGTERM"});
  EXPECT_EQ(why("b"), "need:a runs:a ending:a yield");
}

TEST_F(WhyTest, ARunOnAnotherMachineIsWaitedFor) {
  add("a");
  begin();
  goes(0, State::Running);
  EXPECT_EQ(answer("a").answer.find("machine"), std::string::npos) << answer("a").answer;
  TaskStatus led;
  led.boot = {7, 7};
  led.at = now_;
  const Status taken = chronicle_.take(led);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_NE(answer("a").answer.find(", on another machine: "), std::string::npos)
      << answer("a").answer;
}

TEST_F(WhyTest, ReadinessAndHealthAreNamed) {
  ProcessConfig& process = add("a");
  process.ready.emplace();
  process.ready->cmd = "true";
  process.healthy.emplace();
  process.healthy->cmd = "false";
  add("b").needs.entries = {{"a", Condition::Ready}};
  begin();
  goes(0, State::Running);
  EXPECT_EQ(why("b"), "need:a runs:a readiness:a");
  told(ProbeAnswered{0, 0, true, "", Purpose::Ready});
  pass(2);
  told(TimerDue{});
  told(ProbeAnswered{0, 0, false, "exit 1", Purpose::Healthy});
  EXPECT_EQ(why("a"), "runs:a health:a met:a");
  EXPECT_EQ(answer("a").causes[1].text,
            "a, run 0 said 1 time in a row that it is not healthy: cmd false: exit 1");
  EXPECT_EQ(why("b"), "launch:b met:a");
}

TEST_F(WhyTest, WhatIsNotThereIsNotFound) {
  add("fetch");
  begin();
  const Situation now = situation();
  const Result<Answer> other = why_process(now, "ftech");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::NotFound);
  EXPECT_EQ(other.error().message, "t-1 has no process 'ftech', did you mean 'fetch'?");
  EXPECT_EQ(why_process(now, "fetch", 1).error().message, "fetch has no run 1: its last is run 0");
}

TEST_F(WhyTest, NothingIsKnownOfRunsThatWereDropped) {
  add("a").daemon = true;
  add("b");
  begin();
  for (int run = 0; run < 3; ++run) {
    goes(0, State::Success, 0);
    pass(6);
    told(TimerDue{});
  }
  goes(0, State::Running);
  History history = runner_->history();
  history.drop_old(1);
  chronicle_ = Chronicle::of(std::move(history));
  EXPECT_EQ(why("a"), "runs:a forgotten:a");
  const Situation now = situation();
  EXPECT_EQ(why_process(now, "a", 0).error().message,
            "a has no run 0 on record any more: run 3 is the first that is kept");
}

TEST_F(WhyTest, AllocationsThatAreTooShortAreNamed) {
  add("a").time = 100 * kSecond;
  add("b").daemon = true;
  begin();
  Leadership place;
  place.at = now_;
  place.until = now_.wall + 50 * kSecond;
  Chronicle alone;
  RunnerHeader header;
  header.task_id = "t-1";
  ASSERT_TRUE(alone.take(header).ok());
  ASSERT_TRUE(alone.take(place).ok());
  chronicle_ = alone;
  EXPECT_EQ(why("a"), "time:a");
  EXPECT_EQ(why("b"), "turn:b");
}

// ---- endings -----------------------------------------------------------------------------------

Run ended(ProcessState state, std::optional<std::int32_t> code, const std::string& reason,
          Origin origin = Origin::Recorded) {
  Run run;
  run.state = state;
  run.return_code = code;
  run.reason = reason;
  run.origin = origin;
  run.stopped = Timestamp{};
  return run;
}

TEST(Ending, IsOfAKind) {
  using State = ProcessState;
  const auto kind = [](const thermos::Run& run) { return name_of(kind_of_end(run)); };
  EXPECT_EQ(kind(ended(State::Success, 0, "")), "success");
  EXPECT_EQ(kind(ended(State::Failed, 3, "")), "exit");
  EXPECT_EQ(kind(ended(State::Failed, -11, "")), "signal");
  EXPECT_EQ(kind(ended(State::Killed, -9, "")), "signal");
  EXPECT_EQ(kind(ended(State::Failed, -9, "killed by the kernel: out of memory, memory.max 5 MiB")),
            "memory");
  EXPECT_EQ(kind(ended(State::Failed, -15, timed_out(5 * kSecond), Origin::EndedByRunner)),
            "timeout");
  EXPECT_EQ(kind(ended(State::Failed, -15, "not ready within 5 s: x", Origin::EndedByRunner)),
            "unready");
  EXPECT_EQ(kind(ended(State::Failed, -15, "not healthy: x", Origin::EndedByRunner)), "unhealthy");
  EXPECT_EQ(kind(ended(State::Failed, {}, "cannot run x: it is not in PATH")), "unstarted");
  EXPECT_EQ(kind(ended(State::Lost, {}, "its coordinator vanished", Origin::CoordinatorGone)),
            "lost");
  EXPECT_EQ(kind(ended(State::Lost, {}, "the machine restarted", Origin::Reboot)), "reboot");
  EXPECT_EQ(kind(ended(State::Killed, -15, "ended by the service manager")), "shutdown");
  EXPECT_EQ(kind(ended(State::Killed, -15, "ended as the task yielded", Origin::Ordered)), "yield");
  EXPECT_EQ(kind(ended(State::Killed, -15, "", Origin::Ordered)), "ordered");
}

TEST(CauseKinds, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (std::size_t kind = 0; kind < kCauseKinds; ++kind) {
    names.insert(name_of(static_cast<CauseKind>(kind)));
  }
  EXPECT_EQ(names.size(), kCauseKinds);
  EXPECT_EQ(name_of(CauseKind::Forgotten), "forgotten");
  EXPECT_EQ(static_cast<std::size_t>(CauseKind::Forgotten) + 1, kCauseKinds);
}

}  // namespace
}  // namespace thermos
