// `thermos run` on a terminal.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include "terminal.h"
#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

constexpr std::string_view kKeys = "\x03";  // Ctrl-C

class OnATerminal : public ThermosTest {
 protected:
  void SetUp() override { ASSERT_EQ(::mkfifo(gate().c_str(), 0600), 0); }

  // A process that reads it goes on when open_gate() is called.
  std::string gate() const { return work() + "/gate"; }
  void open_gate() const { std::ofstream(gate()) << "go\n"; }

  static std::size_t longest_line(const std::string& text) {
    std::size_t longest = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      longest = std::max(longest, end - at);
      at = end + 1;
    }
    return longest;
  }
};

TEST_F(OnATerminal, AFinalizerAndWhatRunsAreNamedAndTheBlockIsGoneAtTheEnd) {
  const std::string config = file("t.json", R"({"name": "t", "processes": [
      {"name": "first", "cmdline": "true"},
      {"name": "clean", "cmdline": "cat gate", "final": true}]})");
  for (const std::uint16_t columns : {40, 80, 200}) {
    Terminal terminal(thermos({"run", "--task-id", "t" + std::to_string(columns), config}),
                      columns);
    ASSERT_TRUE(terminal.wait_for("finalizing; SIGKILL in ")) << terminal.written();
    ASSERT_TRUE(terminal.wait_for("  clean  ")) << terminal.written();
    const std::string while_running = terminal.screen();
    EXPECT_NE(while_running.find("1/2 done, "), std::string::npos) << while_running;
    EXPECT_LT(longest_line(while_running), columns) << while_running;
    open_gate();
    EXPECT_EQ(terminal.wait(), 0);
    const std::string screen = terminal.screen();
    EXPECT_NE(screen.find(" SUCCESS in "), std::string::npos) << screen;
    for (const char* gone : {"running", "clean", "WAITING", "FORKED", "pid "}) {
      EXPECT_EQ(screen.find(gone), std::string::npos) << gone << " in " << screen;
    }
  }
}

TEST_F(OnATerminal, TheRunsOfEarlierTasksTellHowMuchTimeIsLeft) {
  const std::string config = file("t.json", R"({"name": "t", "processes": [
      {"name": "a", "cmdline": "cat gate", "min_duration": 0},
      {"name": "b", "cmdline": "sleep 1.5", "min_duration": 0}],
      "constraints": [{"order": ["a", "b"]}]})");
  Program first(thermos({"run", "--quiet", "--task-id", "t-1", config}));
  open_gate();
  ASSERT_EQ(first.wait().status, 0);
  Terminal second(thermos({"run", "--task-id", "second", config}), 80);
  // Once it has run for a second. Then `a` takes longer than ever, and `b` is left.
  ASSERT_TRUE(second.wait_for("about 2 s left")) << second.written();
  EXPECT_GE(status_of("second").at("time_left"), 1.5);
  EXPECT_LT(status_of("second").at("time_left"), 1000);
  const std::string text = run({"status", "second"}).out;
  EXPECT_NE(text.find("2 processes: 1 running, 1 not started, about 2 s left"), std::string::npos)
      << text;
  open_gate();
  EXPECT_EQ(second.wait(), 0);
  EXPECT_FALSE(status_of("second").contains("time_left"));
}

TEST_F(OnATerminal, ARetrySaysWhichAttemptItWasAndWhenTheNextIs) {
  Terminal terminal(thermos({"run", "--task-id", "again", file("t.json", R"({"processes": [
      {"name": "p", "cmdline": "echo oops >&2; exit 3", "max_failures": 3, "min_duration": 0.05},
      {"name": "q", "cmdline": "cat gate"}], "max_failures": 1})")}),
                    80);
  ASSERT_TRUE(terminal.wait_for("exit 3, attempt 1/3, next "));
  ASSERT_TRUE(terminal.wait_for("exit 3, attempt 2/3, next "));
  ASSERT_TRUE(terminal.wait_for("exit 3, attempt 3/3, after "));
  EXPECT_EQ(terminal.wait(), 1);
  const std::string screen = terminal.screen();
  EXPECT_NE(screen.find("p FAILED, run 2: exit 3"), std::string::npos) << screen;
  EXPECT_NE(screen.find("\n      oops\n"), std::string::npos) << screen;
}

TEST_F(OnATerminal, CtrlCSaysWhatItDoesAndASecondOneKills) {
  // A mark in the command, so that the signal comes when the trap is set.
  Terminal terminal(thermos({"run", "--task-id", "stop", file("t.json", R"({"processes": [
      {"name": "p", "cmdline": "trap '' TERM; echo set; cat gate; cat gate"}]})"),
                             "--output"}),
                    80);
  ASSERT_TRUE(terminal.wait_for("set\r\n")) << terminal.written();
  terminal.type(kKeys);
  ASSERT_TRUE(terminal.wait_for("stopping; SIGKILL in 30 s; Ctrl-C again kills now"))
      << terminal.written();
  terminal.type(kKeys);
  EXPECT_EQ(terminal.wait(), 2);
  EXPECT_EQ(status_of("stop")["processes"]["p"][0]["return_code"], -9);
}

TEST_F(OnATerminal, NoColorAndADumbTerminalAreRespected) {
  const std::string config =
      file("t.json", R"({"processes": [{"name": "p", "cmdline": "exit 3"}]})");
  Invocation plain = thermos({"run", "--task-id", "plain", config});
  plain.environment["NO_COLOR"] = "1";
  Terminal without_colour(plain, 80);
  EXPECT_EQ(without_colour.wait(), 1);
  EXPECT_EQ(without_colour.written().find('m', without_colour.written().find("\x1b[3")),
            std::string::npos)
      << without_colour.written();
  EXPECT_NE(without_colour.written().find("\x1b[J"), std::string::npos);
  Invocation dumb = thermos({"run", "--task-id", "dumb", config});
  dumb.environment["TERM"] = "dumb";
  Terminal without_escapes(dumb, 80);
  EXPECT_EQ(without_escapes.wait(), 1);
  EXPECT_EQ(without_escapes.written().find('\x1b'), std::string::npos);
  EXPECT_EQ(without_escapes.written().find("WAITING"), std::string::npos);
  Terminal with_colour(thermos({"run", "--task-id", "colour", config}), 80);
  EXPECT_EQ(with_colour.wait(), 1);
  EXPECT_NE(with_colour.written().find("\x1b[31mFAILED"), std::string::npos)
      << with_colour.written();
}

TEST_F(OnATerminal, WhatProcessesPrintIsShownWithNamesAndCannotMoveTheCursor) {
  Terminal terminal(thermos({"run", "--output", "--task-id", "talk", file("t.json", R"({
      "processes": [{"name": "web", "cmdline": "echo one; printf 'a\\033[2Jb'"},
                    {"name": "worker", "cmdline": "echo two >&2; cat gate"}]})")}),
                    80);
  ASSERT_TRUE(terminal.wait_for("two\r\n")) << terminal.written();
  open_gate();
  EXPECT_EQ(terminal.wait(), 0);
  const std::string screen = terminal.screen();
  EXPECT_NE(screen.find("\nweb    | one\n"), std::string::npos) << screen;
  EXPECT_NE(screen.find("\nweb    | a\\x1b[2Jb\n"), std::string::npos) << screen;
  EXPECT_NE(screen.find("\nworker | two\n"), std::string::npos) << screen;
}

class RunOutputInAPipe : public ThermosTest {};

TEST_F(RunOutputInAPipe, SimplerunShowsEveryLineUnlessQuiet) {
  const Finished done = run({"simplerun", "--", "seq 50000; printf 'no newline'"});
  EXPECT_EQ(done.status, 0);
  // Transitions are between them.
  std::istringstream lines(done.out);
  int next = 1;
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of("0123456789") != std::string::npos) continue;
    ASSERT_EQ(line, std::to_string(next));
    ++next;
  }
  EXPECT_EQ(next, 50001);
  EXPECT_NE(done.out.find("\nno newline\n"), std::string::npos);
  EXPECT_EQ(run({"simplerun", "-q", "--", "echo hello"}).out, "");
}

TEST_F(RunOutputInAPipe, IsShownWhileItRuns) {
  const std::string gate = work() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  Program program(thermos({"simplerun", "--", "echo first; cat gate"}));
  ASSERT_TRUE(program.wait_for("\nfirst\n"));
  write_text(gate, "then\n");
  const Finished done = program.wait();
  EXPECT_EQ(done.status, 0);
  EXPECT_NE(done.out.find("\nthen\n"), std::string::npos) << done.out;
}

TEST_F(RunOutputInAPipe, AResumeShowsWhatRunsAlready) {
  const std::string gate = work() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  {
    Program first(thermos(
        {"run", "--output", "--task-id", "t",
         file(
             "t.json",
             R"({"processes": [{"name": "p", "cmdline": "seq 20; read x < gate; echo late $x"}]})")}));
    ASSERT_TRUE(first.wait_for("\n20\n"));
    // What runs already is what is on record as that; a run that is found later is shown whole.
    ASSERT_TRUE(first.wait_for("RUNNING"));
    first.signal(SIGKILL);
    first.wait();
  }
  Program resumed(thermos({"resume", "--output", "t"}));
  ASSERT_TRUE(resumed.wait_for("\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n"));
  write_text(gate, "again\n");
  const Finished done = resumed.wait();
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_NE(done.out.find("\nlate again\n"), std::string::npos) << done.out;
  EXPECT_EQ(done.out.find("\n10\n"), std::string::npos) << done.out;
}

// What did not fit into the pipe comes as it is read, though nothing else happens meanwhile.
TEST_F(RunOutputInAPipe, ASlowReaderGetsAllWhileTheProcessRuns) {
  const std::string gate = work() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  Program slow(
      thermos({"run", "--output", "--task-id", "t", file("t.json", R"({"processes": [{"name": "p",
          "cmdline": "seq 100000; echo last; touch printed; cat gate"}]})")}));
  ASSERT_TRUE(real::wait_for_file(work() + "/printed"));
  ASSERT_TRUE(slow.wait_for("\n99999\n100000\nlast\n"));
  write_text(gate, "then\n");
  const Finished done = slow.wait();
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_NE(done.out.find("\n1\n2\n3\n"), std::string::npos);
}

}  // namespace
}  // namespace thermos::testing
