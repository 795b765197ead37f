// `thermos crashtest` from outside: commands that can't be run twice, and one that can.
#include <algorithm>
#include <csignal>
#include <filesystem>

#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

using nlohmann::json;

class Crashtest : public ThermosTest {
 protected:
  Crashtest() { std::filesystem::create_directory(scratch_ / "tmp"); }
  // Where it takes place; nothing of it may be left.
  Invocation crashtest(Words words) const {
    words.insert(words.begin(), "crashtest");
    Invocation invocation = thermos(words);
    invocation.environment["TMPDIR"] = scratch_ / "tmp";
    return invocation;
  }
  std::vector<std::string> left_over() const { return tree_of(scratch_ / "tmp"); }
  Finished test(std::string_view config, Words words = {}) const {
    words.push_back(file("config.json", config));
    const Finished done = run_program(crashtest(words));
    EXPECT_EQ(left_over(), Words{});
    EXPECT_EQ(tree_of(root()), Words{}) << "it has roots of its own";
    return done;
  }
  json json_of(std::string_view config, int status) const {
    const Finished done = test(config, {"--json"});
    EXPECT_EQ(done.status, status) << done.out << done.err;
    return json::parse(done.out, nullptr, false);
  }
  // The outcome of each trial, as "start same, end differs".
  static std::string outcomes(const json& report, const std::string& process) {
    std::string text;
    for (const json& trial : report.at("processes").at(process)) {
      text += (text.empty() ? "" : ", ") + trial.at("killed").get<std::string>() + " " +
              trial.at("outcome").get<std::string>();
    }
    return text;
  }
  static json last(const json& report, const std::string& process) {
    return report.at("processes").at(process).back();
  }
  void refuse(const Words& words, int status, std::string_view reason) const {
    const Finished done = run_program(crashtest(words));
    EXPECT_EQ(done.status, status) << done.err;
    EXPECT_NE(done.err.find(reason), std::string::npos) << done.err;
    EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
    EXPECT_EQ(done.out, "");
    EXPECT_EQ(left_over(), Words{});
  }
};

constexpr std::string_view kFragile = R"({"name": "n", "processes": [
    {"name": "append", "cmdline": "echo x >> log"},
    {"name": "make", "cmdline": "mkdir d"},
    {"name": "clean", "cmdline": "echo y > out"}],
    "constraints": [{"order": ["append", "make", "clean"]}]})";

TEST_F(Crashtest, FindsWhatCannotBeRunTwice) {
  const json report = json_of(kFragile, 1);
  EXPECT_EQ(report.at("twice"), false);
  const json append = last(report, "append");
  EXPECT_EQ(append.at("killed"), "end");
  EXPECT_EQ(append.at("outcome"), "differs");
  EXPECT_EQ(append.at("differences"),
            json::parse(R"([{"path": "log", "kind": "content", "text": "line 2: 'x' is extra"}])"));
  const json make = last(report, "make");
  EXPECT_EQ(make.at("killed"), "end");
  EXPECT_EQ(make.at("outcome"), "failed");
  EXPECT_EQ(make.at("state"), "FAILED");
  EXPECT_NE(make.at("reason").get<std::string>().find("make, run 1: exit 1: mkdir: "),
            std::string::npos)
      << make;
  EXPECT_EQ(last(report, "clean").at("outcome"), "same");
}

TEST_F(Crashtest, SaysItOnOneScreen) {
  const Finished done = test(kFragile);
  EXPECT_EQ(done.status, 1);
  EXPECT_EQ(done.err, "");
  EXPECT_EQ(done.out.rfind("without a crash: SUCCESS in ", 0), 0U) << done.out;
  // On a busy machine it takes long enough to be killed in its middle as well, which is told first.
  EXPECT_NE(done.out.find("append can't be run twice: killed "), std::string::npos) << done.out;
  EXPECT_NE(done.out.find(", it makes something else\n  log: line 2: 'x' is extra\n"),
            std::string::npos)
      << done.out;
  EXPECT_NE(done.out.find("2 of 3 processes can't be run twice\n"), std::string::npos) << done.out;
  EXPECT_LT(std::count(done.out.begin(), done.out.end(), '\n'), 24);
}

TEST_F(Crashtest, AllIsWellWhereAllCanBe) {
  const Finished done = test(R"({"processes": [
      {"name": "a", "cmdline": "echo y > out.tmp && mv out.tmp out"},
      {"name": "b", "argv": ["cp", "out", "copy"], "needs": ["a"]},
      {"name": "end", "final": true, "cmdline": "rm -f copy"}]})");
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_NE(done.out.find("all 3 processes can be run twice\n"), std::string::npos) << done.out;
}

// It is killed when half of what it took is over, when the line is there and it sleeps still.
TEST_F(Crashtest, KillsInTheMiddle) {
  const json report = json_of(
      R"({"processes": [{"name": "a", "cmdline": "echo x >> log; sleep 1; rm log; echo y > out"}]})",
      0);
  EXPECT_EQ(outcomes(report, "a").find("not_reached"), std::string::npos) << report;
  const json bad = json_of(R"({"processes": [{"name": "a",
      "cmdline": "mkdir lock && sleep 1 && rmdir lock && echo y > out"}]})",
                           1);
  EXPECT_NE(outcomes(bad, "a").find("middle failed"), std::string::npos) << bad;
  EXPECT_EQ(last(bad, "a").at("outcome"), "same") << "behind its end it can be";
}

TEST_F(Crashtest, WhatDiffersAnywayIsNoCrashsFault) {
  const Finished done = test(R"({"processes": [{"name": "a",
      "cmdline": "cat /proc/sys/kernel/random/uuid > stamp; echo y > out"}]})");
  EXPECT_EQ(done.status, 0) << done.out;
  EXPECT_NE(done.out.find("this differs from run to run without a crash, and is not compared:\n"
                          "  stamp: line 1: '"),
            std::string::npos)
      << done.out;
}

TEST_F(Crashtest, OnlyOutputsCountWhereTheyAreNamed) {
  const json report = json_of(R"({"processes": [
      {"name": "a", "cmdline": "echo x >> log; mkdir -p out; echo y > out/file",
       "outputs": "out"}]})",
                              0);
  EXPECT_EQ(report.at("files"), 1);
  const json bad = json_of(R"({"processes": [
      {"name": "a", "cmdline": "mkdir -p out; touch out/$THERMOS_RUN", "outputs": ["out"]}]})",
                           1);
  EXPECT_EQ(last(bad, "a").at("differences")[0].at("path"), "out/1");
  EXPECT_EQ(last(bad, "a").at("differences")[0].at("kind"), "extra");
}

TEST_F(Crashtest, BeginsWithACopyAndTriesWhatIsNamed) {
  std::filesystem::create_directory(work() + "/given");
  write_text(work() + "/given/log", "first\n");
  const std::string path = file("copy.json", R"({"processes": [
      {"name": "a", "cmdline": "echo x >> log"}, {"name": "b", "cmdline": "test -e log"}]})");
  const Finished done = run_program(crashtest({"--json", "--sandbox", "given", path, "b"}));
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_FALSE(json::parse(done.out).at("processes").contains("a"));
  EXPECT_EQ(real::read_file(work() + "/given/log"), "first\n");
}

TEST_F(Crashtest, OneThatWaitsForItselfIsEnded) {
  // A lock that its first run left; it would wait for ever.
  const json report = json_of(R"({"processes": [{"name": "a", "timeout": 2,
      "cmdline": "while ! mkdir lock 2> /dev/null; do sleep 0.1; done; sleep 0.5; echo > out"}]})",
                              1);
  EXPECT_EQ(last(report, "a").at("outcome"), "failed");
  EXPECT_NE(last(report, "a").at("reason").get<std::string>().find("timed out"), std::string::npos);
}

TEST_F(Crashtest, KeepsWhatWasMadeIfAsked) {
  const std::string path =
      file("one.json", R"({"processes": [{"name": "a", "cmdline": "echo y > out"}]})");
  const Finished done = run_program(crashtest({"--json", "--keep", path}));
  ASSERT_EQ(done.status, 0) << done.err;
  const std::string kept = json::parse(done.out).at("kept");
  EXPECT_EQ(real::read_file(kept + "/first/out"), "y\n");
}

TEST_F(Crashtest, WhatCannotBeTestedIsRefused) {
  const std::string good =
      file("good.json", R"({"processes": [{"name": "extract", "cmdline": "true"}]})");
  refuse({}, 64, "crashtest: CONFIG is missing");
  refuse({"none.json"}, 66, "none.json");
  refuse({good, "extrct"}, 66, "has no process 'extrct', did you mean 'extract'?");
  refuse({"--sandbox", "nowhere", good}, 66, "--sandbox nowhere: not a directory");
  refuse({file("bad.json", R"({"processes": [{"name": "a", "cmdline": "echo no >&2; exit 3"}]})")},
         65, "without a crash, the task ends FAILED: a, run 0: exit 3: no");
}

TEST_F(Crashtest, CanBeInterrupted) {
  const std::string path = file("long.json", R"({"processes": [{"name": "a",
      "cmdline": "touch $OLD/began; sleep 100", "env": {"OLD": ")" +
                                                 work() + R"("}}]})");
  Program program(crashtest({path}));
  ASSERT_TRUE(real::wait_for_file(work() + "/began"));
  program.signal(SIGINT);
  const Finished done = program.wait();
  EXPECT_EQ(done.status, 2) << done.err;
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(left_over(), Words{});
}

}  // namespace
}  // namespace thermos::testing
