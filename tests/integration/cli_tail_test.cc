// `thermos tail` and `thermos kill` from outside.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>

#include "terminal.h"
#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

class Tail : public ThermosTest {
 protected:
  std::string fifo(const std::string& name) const {
    const std::string path = work() + "/" + name;
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return path;
  }
};

TEST_F(Tail, PrintsTheLastLinesOfTheLatestRun) {
  ASSERT_EQ(
      run_task("t", R"({"processes": [{"name": "p", "cmdline": "seq 1 100000; echo last >&2"}]})")
          .status,
      0);
  EXPECT_EQ(run({"tail", "t", "p"}).out,
            "99992\n99993\n99994\n99995\n99996\n99997\n99998\n99999\n100000\nlast\n");
  EXPECT_EQ(run({"tail", "--stdout", "-n", "2", "t"}).out, "99999\n100000\n");
  EXPECT_EQ(run({"tail", "-n", "2", "t"}).out, "100000\nlast\n");
  EXPECT_EQ(run({"tail", "-n0", "t"}).out, "");
  EXPECT_EQ(run({"tail", "--stderr", "t"}).out, "last\n");
  EXPECT_EQ(run({"tail", "--stdout", "--stderr", "-n1", "t"}).out, "last\n");
  const std::string all = run({"tail", "--stdout", "-n", "100001", "t"}).out;
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 100000);
  EXPECT_TRUE(all.starts_with("1\n2\n"));
  // Following a task that is over: its ends, and out.
  EXPECT_EQ(run({"tail", "-f", "-n", "2", "t"}).out, "100000\nlast\n");
}

TEST_F(Tail, CountsTheLinesOfBothStreams) {
  ASSERT_EQ(run_task("t", R"({"processes": [{"name": "p",
      "cmdline": "seq 1 9; seq 11 19 >&2; printf open; printf shut >&2"}]})")
                .status,
            0);
  EXPECT_EQ(run({"tail", "-n", "4", "t"}).out, "9\nopen\n19\nshut");
  EXPECT_EQ(run({"tail", "-n", "3", "t"}).out, "open\n19\nshut");
  EXPECT_EQ(run({"tail", "-n", "11", "t"}).out.substr(0, 4), "6\n7\n");
  const std::string all = run({"tail", "-n", "20", "t"}).out;
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 19);
  EXPECT_TRUE(all.starts_with("1\n2\n")) << all;
}

TEST_F(Tail, MarksStandardErrorOnATerminal) {
  ASSERT_EQ(
      run_task("one", R"({"processes": [{"name": "p", "cmdline": "echo a; echo b >&2"}]})").status,
      0);
  ASSERT_EQ(run_task("two", R"({"processes": [{"name": "p", "cmdline": "echo a; echo b >&2"},
                                              {"name": "q", "cmdline": "true"}]})")
                .status,
            0);
  const auto written = [&](const Words& words) {
    Terminal terminal(thermos(words), 80);
    EXPECT_EQ(terminal.wait(), 0);
    return terminal.written();
  };
  EXPECT_EQ(written({"tail", "one"}), "a\r\n\x1b[33mb\x1b[0m\r\n");
  EXPECT_EQ(written({"tail", "two"}), "p | a\r\np | \x1b[33mb\x1b[0m\r\n");
  EXPECT_EQ(written({"tail", "--stderr", "one"}), "b\r\n");
  EXPECT_EQ(written({"tail", "--no-color", "one"}), "a\r\nb\r\n");
}

TEST_F(Tail, FollowsBothStreamsInTheOrderInWhichTheyCome) {
  // One for each step: a reader that opens one again may meet the writer before, which is to close
  // it.
  const std::vector<std::string> go = {fifo("go1"), fifo("go2"), fifo("go3"), fifo("go4")};
  Program runner(thermos({"run", "--task-id", "t", file("t.json", R"({"processes": [{"name": "p",
      "cmdline": "echo begin; read x < go1; echo out 1; read x < go2; echo err 1 >&2; read x < go3; echo out 2; read x < go4; echo err 2 >&2"}]})")}));
  ASSERT_TRUE(runner.wait_for("RUNNING"));
  Program tail(thermos({"tail", "-f", "t"}));
  std::string shown = "begin\n";
  const std::vector<std::string> lines = {"out 1\n", "err 1\n", "out 2\n"};
  for (std::size_t step = 0; step < lines.size(); ++step) {
    ASSERT_TRUE(tail.wait_for(shown));
    write_text(go[step], "on\n");
    shown += lines[step];
  }
  ASSERT_TRUE(tail.wait_for(shown));
  write_text(go.back(), "on\n");
  EXPECT_EQ(runner.wait().status, 0);
  EXPECT_EQ(tail.wait().out, shown + "err 2\n");
}

TEST_F(Tail, SeveralProcessesArePrefixed) {
  ASSERT_EQ(run_task("t", R"({"processes": [{"name": "a", "cmdline": "echo 1; echo 2"},
                                            {"name": "longer", "cmdline": "printf 3"}]})")
                .status,
            0);
  EXPECT_EQ(run({"tail", "t"}).out, "a      | 1\na      | 2\nlonger | 3\n");
  EXPECT_EQ(run({"tail", "t", "longer"}).out, "3");
}

TEST_F(Tail, SaysWhichProcessesThereAre) {
  ASSERT_EQ(run_task("t1", R"({"processes": [{"name": "worker", "cmdline": "true"}]})").status, 0);
  ASSERT_EQ(run_task("t2", R"({"processes": [{"name": "worker", "cmdline": "true"}]})").status, 0);
  const Finished unknown = run({"tail", "t1", "wroker"});
  EXPECT_EQ(unknown.status, 66);
  EXPECT_NE(unknown.err.find("did you mean 'worker'?"), std::string::npos) << unknown.err;
  const Finished several = run({"tail", "t"});
  EXPECT_EQ(several.status, 64);
  EXPECT_NE(several.err.find("means 2 tasks"), std::string::npos) << several.err;
}

TEST_F(Tail, FollowsAcrossRunsAndEndsWithTheTask) {
  const std::string go = fifo("go");
  Program runner(thermos({"run", "--task-id", "t", file("t.json", R"({"processes": [{"name": "p",
      "cmdline": "echo begin; read -r word < go; echo $word; test $word = second",
      "max_failures": 5, "min_duration": 0}]})")}));
  ASSERT_TRUE(runner.wait_for("RUNNING"));
  Program tail(thermos({"tail", "-f", "t", "p"}));
  ASSERT_TRUE(tail.wait_for("begin\n"));
  write_text(go, "first\n");
  ASSERT_TRUE(tail.wait_for("begin\nfirst\nbegin\n"));
  write_text(go, "second\n");
  EXPECT_EQ(runner.wait().status, 0);
  const Finished followed = tail.wait();
  EXPECT_EQ(followed.status, 0) << followed.err;
  EXPECT_EQ(followed.out, "begin\nfirst\nbegin\nsecond\n");
}

TEST_F(Tail, FollowsProcessesThatHaveNotRunYet) {
  const std::string go = fifo("go");
  Program runner(thermos({"run", "--task-id", "t", file("t.json", R"({"processes": [
      {"name": "a", "cmdline": "read -r word < go"}, {"name": "b", "cmdline": "echo from b"}],
      "constraints": [{"order": ["a", "b"]}]})")}));
  ASSERT_TRUE(runner.wait_for("RUNNING"));
  Program one(thermos({"tail", "-f", "t", "b"}));
  Program all(thermos({"tail", "-f", "t"}));
  write_text(go, "on\n");
  EXPECT_EQ(runner.wait().status, 0);
  EXPECT_EQ(one.wait().out, "from b\n");
  EXPECT_EQ(all.wait().out, "b | from b\n");
}

TEST_F(Tail, EndsWhenNobodyReadsAnyMore) {
  Program runner(thermos(
      {"run", "--task-id", "t",
       file("t.json", R"({"processes": [{"name": "p", "cmdline": "echo begin; sleep 600"}]})")}));
  ASSERT_TRUE(runner.wait_for("RUNNING"));
  Program tail(thermos({"tail", "-f", "t"}));
  ASSERT_TRUE(tail.wait_for("begin\n"));
  tail.close_output();
  EXPECT_EQ(tail.wait().status, 0);
  runner.signal(SIGTERM);
  EXPECT_EQ(runner.wait().status, 2);
}

using Kill = Tail;

constexpr std::string_view kLongAndFinal = R"({"processes": [{"name": "p", "cmdline": "sleep 600"},
    {"name": "f", "cmdline": "true", "final": true}]})";

TEST_F(Kill, EndsWhatMatchesAndSaysHow) {
  Program one(thermos({"run", "--task-id", "one", file("a.json", kLongAndFinal)}));
  Program two(thermos({"run", "--task-id", "two", file("b.json", kLongAndFinal)}));
  Program other(thermos({"run", "--task-id", "zero", file("c.json", kLongAndFinal)}));
  ASSERT_TRUE(one.wait_for("RUNNING"));
  ASSERT_TRUE(two.wait_for("RUNNING"));
  ASSERT_TRUE(other.wait_for("RUNNING"));
  const Finished killed = run({"kill", "one", "tw."});
  EXPECT_EQ(killed.status, 0) << killed.err;
  EXPECT_NE(killed.out.find("one KILLED\n"), std::string::npos) << killed.out;
  EXPECT_NE(killed.out.find("two KILLED\n"), std::string::npos) << killed.out;
  EXPECT_EQ(one.wait().status, 2);
  EXPECT_EQ(two.wait().status, 2);
  EXPECT_EQ(status_of("zero")["state"], "ACTIVE");
  EXPECT_EQ(run({"kill", "--wait", "0", "z"}).out, "zero KILLED\n");
  EXPECT_EQ(other.wait().status, 2);
  EXPECT_EQ(status_of("one")["processes"]["f"][0]["state"], "SUCCESS");
  EXPECT_FALSE(status_of("zero")["processes"].contains("f"));
}

TEST_F(Kill, LosingRunsNoFinalizer) {
  Program one(thermos({"run", "--task-id", "one", file("a.json", kLongAndFinal)}));
  ASSERT_TRUE(one.wait_for("RUNNING"));
  EXPECT_EQ(run({"kill", "--lose", "one"}).out, "one LOST\n");
  EXPECT_EQ(one.wait().status, 3);
  EXPECT_FALSE(status_of("one")["processes"].contains("f"));
}

TEST_F(Kill, SaysHowItEndedAlready) {
  ASSERT_EQ(run_task("over", R"({"processes": [{"name": "p", "cmdline": "true"}]})").status, 0);
  const Finished late = run({"kill", "over"});
  EXPECT_EQ(late.status, 66);
  EXPECT_NE(late.err.find("it ended SUCCESS"), std::string::npos) << late.err;
}

}  // namespace
}  // namespace thermos::testing
