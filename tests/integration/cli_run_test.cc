// `thermos run` and `thermos simplerun` from outside.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <regex>

#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

class Run : public ThermosTest {
 protected:
  static std::size_t count(const std::string& text, const std::string& pattern) {
    const std::regex regex(pattern);
    return static_cast<std::size_t>(std::distance(
        std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator()));
  }
};

constexpr std::string_view kTwo = R"({"name": "two", "processes": [
    {"name": "first", "cmdline": "echo hello"}, {"name": "second", "cmdline": "echo there"}],
    "constraints": [{"order": ["first", "second"]}]})";

TEST_F(Run, ShowsEveryTransitionAndTheOutcome) {
  const Finished done = run_task("t1", kTwo);
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.err, "");
  for (const std::string name : {"first ", "second"}) {
    EXPECT_EQ(count(done.out, R"(\d\d:\d\d:\d\d\.\d{3}  )" + name + " +0  WAITING\n"), 1U);
    EXPECT_EQ(count(done.out, "  " + name + R"( +0  FORKED +coordinator \d+\n)"), 1U);
    EXPECT_EQ(count(done.out, "  " + name + R"( +0  RUNNING +pid \d+\n)"), 1U);
    EXPECT_EQ(count(done.out, "  " + name + R"( +0  SUCCESS +exit 0  \d+\.\d{3}s\n)"), 1U);
  }
  EXPECT_EQ(count(done.out, R"(\(task\) +ACTIVE\n)"), 1U);
  EXPECT_EQ(count(done.out, R"(\(task\) +CLEANING)"), 1U);
  EXPECT_EQ(count(done.out, R"(  t1 SUCCESS in [0-9.]+s: 2 done, 0 failed; logs in .*\n$)"), 1U)
      << done.out;
  // Not a terminal: no colours, no live line.
  EXPECT_EQ(done.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(done.out.find('\r'), std::string::npos);
}

TEST_F(Run, LogsAreUnderTheRootAndInTheSandboxWhenOneIsGiven) {
  ASSERT_EQ(run_task("here", kTwo).status, 0);
  EXPECT_EQ(read_text(root() + "/logs/here/first/0/stdout"), "hello\n");
  EXPECT_EQ(status_of("here")["header"]["sandbox"], work());
  ASSERT_EQ(run_task("there", kTwo, {"--sandbox", "a/b/box"}).status, 0);
  EXPECT_EQ(read_text(work() + "/a/b/box/.logs/second/0/stdout"), "there\n");
  EXPECT_EQ(status_of("there")["header"]["log_dir"], work() + "/a/b/box/.logs");
}

TEST_F(Run, AFailedTaskNamesWhatFailedAndItsStderr) {
  const Finished failed = run_task("bad", R"({"name": "bad", "processes": [
      {"name": "good", "cmdline": "true"},
      {"name": "wrong", "cmdline": "echo oops >&2; exit 3"}]})",
                                   {"--sandbox", "box"});
  EXPECT_EQ(failed.status, 1);
  EXPECT_EQ(count(failed.out, " bad FAILED in .*\n  wrong FAILED, run 0: exit 3\n    " + work() +
                                  "/box/.logs/wrong/0/stderr:\n      oops\n$"),
            1U)
      << failed.out;
  EXPECT_EQ(read_text(work() + "/box/.logs/wrong/0/stderr"), "oops\n");
}

TEST_F(Run, QuietSaysNothingOfASuccessAndOnlyTheOutcomeOfAFailure) {
  const Finished done = run_task("q1", kTwo, {"--quiet"});
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.out + done.err, "");
  const Finished failed =
      run_task("q2", R"({"processes": [{"name": "p", "cmdline": "exit 9"}]})", {"-q"});
  EXPECT_EQ(failed.status, 1);
  EXPECT_EQ(failed.out, "");
  EXPECT_NE(failed.err.find("p FAILED, run 0: exit 9"), std::string::npos) << failed.err;
  EXPECT_EQ(failed.err.find("RUNNING"), std::string::npos) << failed.err;
}

TEST_F(Run, AFailureIsListedThoughTheTaskSucceedsAlsoWhenQuiet) {
  constexpr std::string_view kTolerant = R"({"max_failures": 0, "processes": [
      {"name": "good", "cmdline": "true"},
      {"name": "wrong", "cmdline": "echo on standard output; exit 127"}]})";
  const Finished done = run_task("t1", kTolerant);
  EXPECT_EQ(done.status, 0);
  const std::string wrong = "\n  wrong FAILED, run 0: exit 127: a command was not found\n";
  EXPECT_NE(done.out.find(wrong), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("/wrong/0/stdout:\n      on standard output\n"), std::string::npos);
  const Finished quiet = run_task("t2", kTolerant, {"-q"});
  EXPECT_EQ(quiet.status, 0);
  EXPECT_EQ(quiet.out, "");
  EXPECT_NE(quiet.err.find(wrong), std::string::npos) << quiet.err;
}

TEST_F(Run, BindsPortsNamesUserAndTaskId) {
  Invocation invocation =
      thermos({"run", "--task_id", "the-id", "-P", "http:8080", "-E", "WHO=wor=ld", "-"});
  invocation.input = R"({"processes": [{"name": "p", "cmdline":
      "echo {{thermos.ports[http]}} {{WHO}} {{thermos.task_id}} '{{&x}}'"}]})";
  const Finished done = run_program(invocation);
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(read_text(root() + "/logs/the-id/p/0/stdout"), "8080 wor=ld the-id {{x}}\n");
  EXPECT_EQ(status_of("the-id")["header"]["ports"], nlohmann::json({{"http", 8080}}));
}

TEST_F(Run, ATaskIdNotGivenIsNameAndTime) {
  const Finished done = run({"run", file("t.json", kTwo)});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(count(done.out, R"(\(task\) +two-\d{8}-\d{6}\.\d{6} in )"), 1U) << done.out;
}

TEST_F(Run, AFinishedIdIsRefusedAndNothingIsMadeForIt) {
  ASSERT_EQ(run_task("once", kTwo).status, 0);
  const Finished again = run_task("once", kTwo, {"--sandbox", "new/box"});
  EXPECT_EQ(again.status, 64);
  EXPECT_NE(again.err.find("SUCCESS"), std::string::npos) << again.err;
  EXPECT_FALSE(std::filesystem::exists(work() + "/new"));
}

TEST_F(Run, GoesOnWhenNobodyReadsItsOutput) {
  const std::string fifo = work() + "/go";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  Program program(thermos(
      {"run", "--task-id", "unread", file("t.json", R"({"processes": [{"name": "p", "cmdline":
                               "cat go; echo done"}]})")}));
  ASSERT_TRUE(program.wait_for("RUNNING"));
  program.close_output();
  write_text(fifo, "on\n");
  EXPECT_EQ(program.wait().status, 0);
  EXPECT_EQ(status_of("unread")["state"], "SUCCESS");
  EXPECT_EQ(read_text(root() + "/logs/unread/p/0/stdout"), "on\ndone\n");
}

TEST_F(Run, AClosedStandardOutputIsNotTakenForACheckpoint) {
  const std::string config = file("t.json", kTwo);
  Invocation invocation = thermos({});
  invocation.words = {
      "/bin/bash", "-c",
      "exec " + built("thermos") + " run --task-id shut " + config + " <&- >&- 2>&-"};
  EXPECT_EQ(run_program(invocation).status, 0);
  EXPECT_EQ(status_of("shut")["state"], "SUCCESS");
}

TEST_F(Run, CtrlCIsAKillByTheTasksOwnRules) {
  Program program(thermos({"run", "--task-id", "stopped", file("t.json", R"({"processes": [
      {"name": "p", "cmdline": "sleep 600"}, {"name": "f", "cmdline": "echo end", "final": true}]})")}));
  ASSERT_TRUE(program.wait_for("RUNNING"));
  program.signal(SIGINT);
  const Finished killed = program.wait();
  EXPECT_EQ(killed.status, 2) << killed.out << killed.err;
  const nlohmann::json status = status_of("stopped");
  EXPECT_EQ(status["state"], "KILLED");
  EXPECT_EQ(status["processes"]["p"][0]["return_code"], -SIGTERM);
  EXPECT_EQ(status["processes"]["f"][0]["state"], "SUCCESS");
}

TEST_F(Run, AnUnknownUserIsRefusedBeforeAnythingIsMade) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may name another user";
  const Finished asked = run_task("nouser", kTwo, {"--user", "no-such-user", "--sandbox", "box"});
  EXPECT_EQ(asked.status, 64);
  EXPECT_EQ(asked.err, "thermos: user 'no-such-user': there is none on this machine\n");
  const Finished configured = run_task(
      "nouser", R"({"user": "no-such-user", "processes": [{"name": "p", "cmdline": "true"}]})");
  EXPECT_EQ(configured.status, 65);
  EXPECT_NE(configured.err.find("'no-such-user'"), std::string::npos) << configured.err;
  EXPECT_FALSE(std::filesystem::exists(root()));
  EXPECT_FALSE(std::filesystem::exists(work() + "/box"));
}

TEST_F(Run, ABindingThatNothingAsksForIsSaid) {
  const std::string config = file("t.json", R"({"processes": [
      {"name": "p", "cmdline": "echo {{who}} {{thermos.ports[web]}}"}]})");
  const Finished done = run({"run", "--task-id", "t", "-E", "who={{name2}}", "-E", "name2=me", "-E",
                             "hwo=x", "-P", "web:80", "-P", "wbe:81", config});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_NE(done.err.find("-E hwo: " + config + " has no {{hwo}}, so this is not used\n"),
            std::string::npos)
      << done.err;
  EXPECT_NE(done.err.find("-P wbe: "), std::string::npos) << done.err;
  EXPECT_EQ(count(done.err, "\n"), 2U) << done.err;
}

TEST_F(Run, AnotherUserOwnsTheSandboxMadeForIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may name another user";
  std::filesystem::permissions(scratch_.path(), std::filesystem::perms(0755));
  const Finished done = run_task("other", R"({"user": "nobody", "processes": [
      {"name": "p", "cmdline": "id -un; echo {{thermos.user}}; touch made"}]})",
                                 {"--sandbox", "box"});
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_EQ(read_text(work() + "/box/.logs/p/0/stdout"), "nobody\nnobody\n");
  EXPECT_EQ(status_of("other")["header"]["user"], "nobody");
}

TEST_F(Run, SimplerunTakesItsWordsAsTheyAre) {
  const Finished done = run({"simplerun", "--task-id", "s", "--name", "echoer", "echo", "-n",
                             "'{{x}}'", "--name", "||", "false"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(read_text(root() + "/logs/s/echoer/0/stdout"), "{{x}} --name");
  EXPECT_EQ(run({"simplerun", "--", "exit 4"}).status, 1);
  EXPECT_EQ(run({"simplerun", "-q", "--", "true"}).out, "");
  // What is on record says the same when it is read again.
  EXPECT_EQ(run({"inspect", "--json", root() + "/tasks/finished/s"}).status, 0);
}

TEST_F(Run, InspectShowsTheTaskAsItWouldRun) {
  const std::string config = file("t.json", R"({"name": "look", "processes": [
      {"name": "a", "cmdline": "echo {{WHO}}\necho 2"},
      {"name": "b", "cmdline": "x", "max_failures": 0, "min_duration": 0.25, "final": true},
      {"name": "c", "cmdline": "y"}], "constraints": [{"order": ["a", "c"]}]})");
  const Finished text = run({"inspect", "-E", "WHO=me", config});
  EXPECT_EQ(text.out,
            "task look\n"
            "  max_failures 1, max_concurrency none, finalization_wait 30 s\n"
            "\n"
            "processes (3)\n"
            "  a\n"
            "      echo me\n"
            "      echo 2\n"
            "  b  [final, max_failures none, min_duration 0.25 s]\n"
            "      x\n"
            "  c\n"
            "      y\n"
            "\n"
            "order\n"
            "  a -> c\n");
  const auto json = nlohmann::json::parse(run({"inspect", "-E", "WHO=me", "--json", config}).out);
  EXPECT_EQ(json["processes"][0]["cmdline"], "echo me\necho 2");
  EXPECT_EQ(json["processes"][1]["min_duration"], 0.25);
  EXPECT_EQ(json["finalization_wait"], 30);
  EXPECT_FALSE(std::filesystem::exists(root()));
}

}  // namespace
}  // namespace thermos::testing
