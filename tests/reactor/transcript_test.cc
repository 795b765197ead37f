// What a task leaves on the screen, and how.
#include "reactor/show/transcript.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>

#include "built_history.h"
#include "core/task/check_task.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/os/descriptor.h"

namespace thermos {
namespace {

using testing::HistoryBuilder;
using testing::kBegin;
using testing::kBoot;

class TranscriptText : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }

  std::string line(std::string_view name) const {
    const History& history = built_.history();
    const thermos::Run& run = *history.process(*history.find(name)).current();
    ProcessStatus status;
    status.process = name;
    status.run = run.number;
    status.state = run.state;
    status.at = run.stopped ? *run.stopped : run.waiting;
    status.origin = run.origin;
    status.return_code = run.return_code;
    status.reason = run.reason;
    return process_line(status, run, style_);
  }

  HistoryBuilder built_;
  LineStyle style_{false, 8};
};

TEST_F(TranscriptText, OneLineATransition) {
  built_.run("p", ProcessState::Success, 0, 1'234'567, 0);
  EXPECT_EQ(line("p"), "03:04:06.913  p          0  SUCCESS     exit 0  1.234s");
  built_.run("p", ProcessState::Killed, 2 * kSecond, kSecond, -9);
  EXPECT_EQ(line("p"), "03:04:08.678  p          1  KILLED      signal 9 (SIGKILL)  1.000s");
  built_.run("p", ProcessState::Failed, 4 * kSecond, 0, 126, "no such\ndirectory");
  EXPECT_EQ(line("p"),
            "03:04:09.678  p          2  FAILED      exit 126  0.000s  no such\\ndirectory");
  built_.run("p", ProcessState::Failed, 5 * kSecond, 0, 127);
  EXPECT_TRUE(line("p").ends_with("FAILED      exit 127: a command was not found  0.000s"));
  built_.process("q", ProcessState::Waiting, 0);
  EXPECT_EQ(line("q"), "03:04:05.678  q          0  WAITING");
}

TEST_F(TranscriptText, NamesAndReasonsCantWriteToTheTerminal) {
  built_.run("\x1b]0;x\x07", ProcessState::Success, 0, 0, 0);
  EXPECT_EQ(line("\x1b]0;x\x07").find('\x1b'), std::string::npos);
  EXPECT_EQ(line("\x1b]0;x\x07").find('\x07'), std::string::npos);
}

TEST_F(TranscriptText, AClockSetBackDoesNotMakeARunLonger) {
  thermos::Run run;
  run.started = Timestamp{kBegin, kBoot};
  run.stopped = Timestamp{kBegin - 3600 * kSecond, kBoot + kSecond};
  EXPECT_EQ(run_duration(run), kSecond);
  // Across a reboot the boot clock began anew.
  run.origin = Origin::Reboot;
  run.stopped = Timestamp{kBegin + 5 * kSecond, kBoot + 900 * kSecond};
  EXPECT_EQ(run_duration(run), 5 * kSecond);
  run.started = OptionalTime();
  EXPECT_EQ(run_duration(run), std::nullopt);
}

TEST_F(TranscriptText, ColoursAreOnTheStateAlone) {
  built_.run("p", ProcessState::Failed, 0, 0, 1);
  style_.colour = true;
  EXPECT_EQ(line("p"), "03:04:05.678  p          0  \x1b[31mFAILED    \x1b[0m  exit 1  0.000s");
}

TEST_F(TranscriptText, TaskLines) {
  TaskStatus status;
  status.at = {kBegin, kBoot};
  status.runner_pid = 42;
  EXPECT_EQ(task_line(status, false, style_), "03:04:05.678  (task)        ACTIVE");
  EXPECT_EQ(task_line(status, true, style_),
            "03:04:05.678  (task)        ACTIVE      resumed by pid 42");
  status.state = TaskState::Cleaning;
  status.goal = TaskState::Killed;
  status.reason = "asked";
  EXPECT_EQ(task_line(status, false, style_),
            "03:04:05.678  (task)        CLEANING    to end KILLED  asked");
}

TEST_F(TranscriptText, TheOutcomeOfASuccess) {
  built_.run("a", ProcessState::Success, 0, kSecond, 0).run("b", ProcessState::Success, 0, 1, 0);
  built_.task(TaskState::Cleaning, 2 * kSecond).task(TaskState::Success, 2 * kSecond);
  EXPECT_EQ(outcome_line(built_.history(), 2, style_),
            "03:04:07.678  task-1 SUCCESS in 2.000s: 2 done, 0 failed; logs in /box/.logs");
}

TEST_F(TranscriptText, TheOutcomeOfAFailure) {
  built_.run("a", ProcessState::Failed, 0, kSecond, 3).run("b", ProcessState::Success, 0, 1, 0);
  built_.run("c", ProcessState::Killed, 0, kSecond, -15);
  built_.goal(TaskState::Failed).task(TaskState::Cleaning, kSecond, "the limit is reached");
  built_.task(TaskState::Failed, kSecond);
  EXPECT_EQ(outcome_line(built_.history(), 4, style_),
            "03:04:06.678  task-1 FAILED in 1.000s: 1 done, 1 failed, 1 stopped, 1 not run "
            "(the limit is reached); logs in /box/.logs");
}

// What ran had until then to end: the line is not older than those before it.
TEST_F(TranscriptText, TheOutcomeOfAYield) {
  Leadership place;
  place.at = HistoryBuilder::at(2 * kSecond);
  place.yields = true;
  place.decision = "SIGTERM";
  built_.add(place).run("a", ProcessState::Killed, 0, 5 * kSecond, -15);
  EXPECT_EQ(outcome_line(built_.history(), 2, style_),
            "03:04:10.678  task-1 yields: 0 done, 0 failed, 1 stopped, 1 not run (SIGTERM); "
            "`thermos resume task-1` goes on with it; logs in /box/.logs");
}

TEST_F(TranscriptText, ABadEndSaysWhatComesNextOnEveryWidth) {
  built_.run("fetch-the-data", ProcessState::Failed, 0, 1'234'567, 1, "it broke");
  const History& history = built_.history();
  ProcessStatus status;
  status.process = "fetch-the-data";
  status.state = ProcessState::Failed;
  status.at = HistoryBuilder::at(1'234'567);
  status.return_code = 1;
  status.reason = "it broke";
  const thermos::Run& run = *history.process(0).current();
  const Next next{true, 10 * kSecond, "attempt 2/5"};
  style_.name_width = 14;
  EXPECT_EQ(
      bad_end_line(status, run, next, style_, 200),
      "03:04:06.913  fetch-the-data  FAILED  exit 1, attempt 2/5, next in 10 s, after 1.234s, "
      "it broke");
  EXPECT_EQ(bad_end_line(status, run, next, style_, 79),
            "03:04:06.913  fetch-the-data  FAILED  exit 1, attempt 2/5, next in 10 s, it br…");
  EXPECT_EQ(bad_end_line(status, run, next, style_, 39), "fetch…-data exit 1, 2/5, next in 10 s");
  EXPECT_EQ(bad_end_line(status, run, {false, {}, "attempt 5/5"}, style_, 39),
            "fetch…-data FAILED, exit 1, 5/5, it br…");
  for (std::size_t columns = 1; columns < 120; ++columns) {
    EXPECT_LE(display_width(bad_end_line(status, run, next, style_, columns)), columns);
  }
}

TEST_F(TranscriptText, OnlyWhatFailedForGoodIsRed) {
  built_.run("p", ProcessState::Failed, 0, 0, 1);
  const ProcessStatus status = [] {
    ProcessStatus one;
    one.process = "p";
    one.state = ProcessState::Failed;
    return one;
  }();
  const thermos::Run& run = *built_.history().process(0).current();
  style_.colour = true;
  EXPECT_NE(bad_end_line(status, run, Next{}, style_, 80).find("\x1b[31mFAILED"),
            std::string::npos);
  const Next again{true, {}, ""};
  EXPECT_NE(bad_end_line(status, run, again, style_, 80).find("\x1b[33mFAILED"), std::string::npos);
}

// A pipe whose reading end tells what was written.
class Pipe {
 public:
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
    read_.reset(ends[0]);
    write_.reset(ends[1]);
  }
  int in() const { return write_.get(); }
  std::string take() {
    std::string text(65536, '\0');
    const ssize_t got = ::read(read_.get(), text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }

 private:
  Descriptor read_;
  Descriptor write_;
};

class LiveLine : public ::testing::Test {
 protected:
  LiveLine() : runner_(task(), graph(), History()) {
    Lead lead;
    lead.header.task_id = "t";
    lead.pid = 1;
    EXPECT_TRUE(runner_.handle(lead, Timestamp{kBegin, kBoot}));
  }

  static const TaskConfig& task() {
    static const TaskConfig kTask = [] {
      TaskConfig task;
      task.name = "t";
      task.processes.resize(1);
      task.processes[0].name = "p";
      task.processes[0].cmdline = "true";
      return task;
    }();
    return kTask;
  }
  static const Graph& graph() {
    static const Graph kGraph = check_task(task()).value();
    return kGraph;
  }

  static Transcript::Settings settings(bool quiet) {
    Transcript::Settings settings;
    settings.quiet = quiet;
    return settings;
  }

  static Transcript::Settings terminal() {
    Transcript::Settings settings;
    settings.terminal = true;
    return settings;
  }

  Record active(const History& history) const {
    static_cast<void>(history);
    TaskStatus status;
    status.at = {kBegin, kBoot};
    return status;
  }

  Runner runner_;
  Pipe screen_;
  Output out_{screen_.in()};
};

// A record is on the disk at the end of its turn: a line before that would tell of what a crash
// takes back.
TEST_F(LiveLine, NoOutputBringsALineBeforeItsRecordIsWritten) {
  for (Output* live : {static_cast<Output*>(nullptr), &out_}) {
    Transcript::Settings verbose = settings(false);
    verbose.verbose = true;
    Transcript transcript(verbose, task(), out_, live);
    transcript.on_turn(runner_, Timestamp{kBegin, kBoot});
    screen_.take();
    transcript.on_record(active(runner_.history()), runner_.history());
    transcript.print("what p prints\n");
    transcript.draw(Timestamp{kBegin, kBoot + 1});
    EXPECT_EQ(screen_.take(), "");
    transcript.on_turn(runner_, Timestamp{kBegin, kBoot + 1});
    EXPECT_NE(screen_.take().find("ACTIVE\nwhat p prints\n"), std::string::npos);
    transcript.print("more\n");
    transcript.draw(Timestamp{kBegin, kBoot + 2});
    EXPECT_NE(screen_.take().find("more\n"), std::string::npos);
  }
}

TEST_F(LiveLine, IsWrittenTogetherWithEachLineAndGoneAtTheEnd) {
  Transcript::Settings verbose = settings(false);
  verbose.verbose = true;
  Transcript transcript(verbose, task(), out_, &out_);
  transcript.on_turn(runner_, Timestamp{kBegin, kBoot});
  const std::string drawn = screen_.take();
  EXPECT_EQ(drawn, "\r0/1 done, 0 running\x1b[J\r");
  transcript.on_record(active(runner_.history()), runner_.history());
  // Nothing is erased before it can be drawn again.
  EXPECT_EQ(screen_.take(), "");
  transcript.on_turn(runner_, Timestamp{kBegin, kBoot + 1});
  const std::string line = screen_.take();
  EXPECT_TRUE(line.starts_with("\r\x1b[J")) << line;
  EXPECT_TRUE(line.ends_with("ACTIVE\n0/1 done, 0 running\r")) << line;
  transcript.finish(out_);
  EXPECT_EQ(screen_.take(), "\r\x1b[J\r");
}

TEST_F(LiveLine, ARunIsShownAsItWasWhenTheNextBeganInItsTurn) {
  HistoryBuilder built;
  built.run("p", ProcessState::Killed, 0, kSecond, -9);
  ProcessStatus killed = built.next("p", ProcessState::Killed, kSecond);
  killed.return_code = -9;
  built.process("p", ProcessState::Waiting, kSecond);
  Transcript transcript(settings(false), task(), out_, nullptr);
  transcript.on_record(killed, built.history());
  EXPECT_EQ(screen_.take(), "") << "the lines of a turn are written together";
  transcript.on_turn(runner_, Timestamp{kBegin, kBoot});
  EXPECT_NE(screen_.take().find("KILLED      signal 9 (SIGKILL)  1.000s\n"), std::string::npos);
}

TEST_F(LiveLine, OnATerminalOnlyWhatEndedBadlyHasALine) {
  HistoryBuilder built;
  Transcript transcript(terminal(), task(), out_, &out_);
  const auto say = [&](ProcessState state, std::int32_t code) {
    ProcessStatus status = built.next("p", state, kSecond);
    status.return_code = is_terminal(state) ? std::optional(code) : std::nullopt;
    built.add(status);
    transcript.on_record(status, built.history());
    transcript.on_turn(runner_, Timestamp{kBegin, kBoot});
    return screen_.take();
  };
  for (const ProcessState state :
       {ProcessState::Waiting, ProcessState::Forked, ProcessState::Running}) {
    EXPECT_EQ(say(state, 0).find('\n'), std::string::npos) << name_of(state);
  }
  EXPECT_NE(say(ProcessState::Failed, 3).find("FAILED  exit 3, after 0.000s\n"), std::string::npos);
}

TEST_F(LiveLine, TimesNeverRunBackwards) {
  HistoryBuilder built;
  Transcript transcript(settings(false), task(), out_, nullptr);
  for (const Microseconds at : {2 * kSecond, kSecond}) {
    const ProcessStatus status =
        built.next("p", at == kSecond ? ProcessState::Forked : ProcessState::Waiting, at);
    built.add(status);
    transcript.on_record(status, built.history());
  }
  const std::string text = screen_.take();
  EXPECT_EQ(text.substr(0, 12), text.substr(text.find('\n') + 1, 12)) << text;
}

TEST_F(LiveLine, IsDrawnAtMostTenTimesASecond) {
  Transcript transcript(terminal(), task(), out_, &out_);
  transcript.on_turn(runner_, Timestamp{kBegin, kBoot});
  screen_.take();
  HistoryBuilder built;
  for (const ProcessState state :
       {ProcessState::Waiting, ProcessState::Forked, ProcessState::Running}) {
    const ProcessStatus status = built.next("p", state, 0);
    built.add(status);
    transcript.on_record(status, built.history());
  }
  // Due, and too early: it asks to be called when it may.
  EXPECT_EQ(transcript.on_turn(runner_, Timestamp{kBegin, kBoot + 1}), kBoot + kSecond / 10);
  EXPECT_EQ(screen_.take(), "");
  // A time is shown: it asks to be called when that changes.
  EXPECT_EQ(transcript.on_turn(runner_, Timestamp{kBegin, kBoot + kSecond / 10}), kBoot + kSecond);
  EXPECT_NE(screen_.take().find("1 running"), std::string::npos);
  EXPECT_EQ(transcript.on_turn(runner_, Timestamp{kBegin, kBoot + kSecond / 2}), kBoot + kSecond);
  EXPECT_EQ(screen_.take(), "");
}

TEST_F(LiveLine, IsNotThereWhenQuietOrWithoutATerminal) {
  Transcript quiet(settings(true), task(), out_, &out_);
  quiet.on_record(active(runner_.history()), runner_.history());
  EXPECT_EQ(quiet.on_turn(runner_, Timestamp{kBegin, kBoot}), std::nullopt);
  Transcript plain(settings(false), task(), out_, nullptr);
  EXPECT_EQ(plain.on_turn(runner_, Timestamp{kBegin, kBoot}), std::nullopt);
  EXPECT_EQ(screen_.take(), "");
}

}  // namespace
}  // namespace thermos
