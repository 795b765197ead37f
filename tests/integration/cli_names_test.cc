// Words that mean no task, or only tasks that have ended: one line says so, and names what is near.
#include <sys/stat.h>

#include <csignal>
#include <optional>

#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

constexpr std::string_view kShort = R"({"processes": [{"name": "p", "cmdline": "true"}]})";
constexpr std::string_view kBusy = R"({"processes": [{"name": "p", "cmdline": "sleep 600"}]})";

// The tasks of a root: nightly and nightly-2 have ended; busy is active.
class Names : public ThermosTest {
 protected:
  void SetUp() override {
    for (const char* id : {"nightly", "nightly-2"}) EXPECT_EQ(run_task(id, kShort).status, 0);
    runner_.emplace(thermos({"run", "--task-id", "busy", file("busy.json", kBusy)}));
    ASSERT_TRUE(runner_->wait_for("RUNNING"));
  }
  void TearDown() override {
    runner_->signal(SIGTERM);
    runner_->wait();
  }
  void refuse(const Words& words, const std::string& what) const {
    const Finished refused = run(words);
    EXPECT_EQ(refused.status, 66) << words[0];
    EXPECT_EQ(refused.out, "") << words[0];
    EXPECT_EQ(refused.err, "thermos: " + what + "\n");
  }

  std::optional<Program> runner_;
};

TEST_F(Names, TheNearestTaskIsOffered) {
  const std::string hint = " under " + root() + ", did you mean 'nightly'?";
  for (const Words& words : {Words{"status", "nigthly"}, Words{"tail", "nigthly"},
                             Words{"inspect", "--task-id", "nigthly"}, Words{"fsck", "nigthly"},
                             Words{"resume", "nigthly"}, Words{"rerun", "nigthly"}}) {
    refuse(words, "no task matches 'nigthly'" + hint);
  }
  refuse({"kill", "bsuy"},
         "no such task: no active one matches 'bsuy' under " + root() + ", did you mean 'busy'?");
  refuse({"status", "x.*"}, "no task matches 'x.*' under " + root());
  Invocation words = thermos({"stop", "bsuy", "p"});
  words.environment["THERMOS_SOCKET"] = scratch_ / "none";
  const Finished stopped = run_program(words);
  EXPECT_EQ(stopped.status, 66);
  EXPECT_EQ(stopped.err, "thermos: no such task: no active one matches 'bsuy' under " + root() +
                             ", and no daemon answers on " + (scratch_ / "none") +
                             ", did you mean 'busy'?\n");
}

TEST_F(Names, ATimeInTheIdIsNotPartOfTheName) {
  ASSERT_EQ(run({"simplerun", "-q", "--name", "weekly", "--", "true"}).status, 0);
  refuse({"status", "wekly"},
         "no task matches 'wekly' under " + root() + ", did you mean 'weekly'?");
}

TEST_F(Names, WhatHasEndedIsNotUnknown) {
  refuse({"kill", "nightly"}, "nightly is not active: it ended SUCCESS");
  refuse({"kill", "nightl"},
         "no active task matches 'nightl': 2 that have ended do, nightly and nightly-2 among them");
  Invocation words = thermos({"stop", "night", "p"});
  words.environment["THERMOS_SOCKET"] = scratch_ / "none";
  EXPECT_EQ(run_program(words).err,
            "thermos: no active task matches 'night': 2 that have ended do, nightly and nightly-2 "
            "among them\n");
  words.words = thermos({"restart", "nightly"}).words;
  EXPECT_EQ(run_program(words).err, "thermos: task nightly has ended\n");
}

// "night" is the id of a task that has ended, and the beginning of an active one's.
TEST_F(Names, AnExactIdNeverMeansAnotherTask) {
  ASSERT_EQ(run_task("bus", kShort).status, 0);
  refuse({"kill", "bus"}, "bus is not active: it ended SUCCESS");
  Invocation words = thermos({"stop", "bus", "p"});
  words.environment["THERMOS_SOCKET"] = scratch_ / "none";
  const Finished stopped = run_program(words);
  EXPECT_EQ(stopped.status, 66);
  EXPECT_EQ(stopped.err, "thermos: task bus has ended\n");
  EXPECT_EQ(status_of("busy")["state"], "ACTIVE");
  EXPECT_FALSE(status_of("busy").contains("stopped"));
}

TEST_F(Names, OfSeveralThoseThatAreThereAreKilled) {
  const Finished killed = run({"kill", "busy", "nosuch", "nightly"});
  EXPECT_EQ(killed.status, 66);
  EXPECT_EQ(killed.out, "busy KILLED\n");
  EXPECT_EQ(killed.err, "thermos: no such task: no active one matches 'nosuch' under " + root() +
                            "\nthermos: nightly is not active: it ended SUCCESS\n");
}

TEST_F(Names, KillAndFsckTakeSeveralRoots) {
  const std::string other = scratch_ / "other";
  const auto there = [&](Words words) {
    words.insert(words.begin() + 1, {"--root", root(), "--root", other});
    return run(words);
  };
  ASSERT_EQ(run({"simplerun", "-q", "--root", other, "--task-id", "bus", "--", "true"}).status, 0);
  const Finished checked = there({"fsck"});
  EXPECT_EQ(checked.status, 0) << checked.out;
  EXPECT_NE(checked.out.find("4 tasks, "), std::string::npos) << checked.out;
  EXPECT_NE(there({"fsck", "bus"}).out.find("1 task, "), std::string::npos);
  EXPECT_NE(there({"fsck", "bu."}).out.find("2 tasks, "), std::string::npos);
  const Finished none = there({"fsck", "bus", "nosuch"});
  EXPECT_EQ(none.status, 66);
  EXPECT_EQ(none.err, "thermos: no task matches 'nosuch' under " + root() + ", " + other + "\n");
  EXPECT_EQ(there({"kill", "bus"}).err, "thermos: bus is not active: it ended SUCCESS\n");
  EXPECT_EQ(status_of("busy")["state"], "ACTIVE");
  EXPECT_EQ(there({"kill", "bu"}).out, "busy KILLED\n");
}

// The same by a daemon, which has the tasks in its root.
class DaemonNames : public ThermosTest {
 protected:
  void SetUp() override {
    start();
    for (const char* id : {"nightly", "nightly-2"}) {
      ASSERT_EQ(ask({"submit", "--wait", "--task-id", id, file("s.json", kShort)}).status, 0);
    }
    ASSERT_EQ(ask({"submit", "--task-id", "busy", file("l.json", kBusy)}).status, 0);
  }
  void TearDown() override { ask({"drain", "--wait", "0"}); }
  void start() {
    Invocation daemon;
    daemon.words = {built("thermos-reactor"),
                    "--root",
                    scratch_ / "daemon",
                    "--socket",
                    socket(),
                    "--log-level",
                    "error"};
    daemon_.reset();
    daemon_.emplace(daemon);
    ASSERT_TRUE(real::wait_for_file(socket()));
    while (ask({"status"}).status == 69) {
    }
  }
  std::string socket() const { return scratch_ / "socket"; }
  Finished ask(const Words& words) const {
    Invocation invocation = thermos(words);
    invocation.environment["THERMOS_SOCKET"] = socket();
    return run_program(invocation);
  }
  void refuse(const Words& words, const std::string& what) const {
    const Finished refused = ask(words);
    EXPECT_EQ(refused.status, 66) << words[0];
    EXPECT_EQ(refused.out, "") << words[0];
    EXPECT_EQ(refused.err, "thermos: " + what + "\n");
  }

  std::optional<Program> daemon_;
};

TEST_F(DaemonNames, TheNearestTaskIsOffered) {
  for (const char* command : {"status", "wait", "events"}) {
    refuse({command, "nigthly"}, "no task matches 'nigthly' among yours, did you mean 'nightly'?");
  }
  for (const char* command : {"resume", "tail", "fsck"}) {  // they read the root
    refuse({command, "nigthly"}, "no task matches 'nigthly' under " + (scratch_ / "daemon") +
                                     ", did you mean 'nightly'?");
  }
  for (const Words& words : {Words{"kill", "bsuy"}, Words{"stop", "bsuy", "p"}}) {
    refuse(words, "no such task: no active one matches 'bsuy' among yours, did you mean 'busy'?");
  }
  EXPECT_EQ(ask({"events", "busy"}).status, 0);
  EXPECT_EQ(ask({"events", "--since", "1", "night"}).status, 0);
}

TEST_F(DaemonNames, WhatHasEndedIsNotUnknown) {
  const std::string two =
      "no active task matches 'night': 2 that have ended do, nightly and nightly-2 among them";
  refuse({"kill", "night"}, two);
  refuse({"start", "night", "p"}, two);
  refuse({"kill", "nightly"}, "task nightly has ended");
  refuse({"stop", "nightly", "p"}, "task nightly has ended");
}

TEST_F(DaemonNames, OfSeveralThoseThatAreThereAreKilled) {
  const Finished killed = ask({"kill", "--wait", "0", "nosuch", "busy"});
  EXPECT_EQ(killed.status, 66);
  EXPECT_EQ(killed.out, "busy KILLED\n");
  EXPECT_EQ(killed.err, "thermos: no such task: no active one matches 'nosuch' among yours\n");
}

// A task may come yet.
TEST_F(DaemonNames, EventsThatAreFollowedMayBeOfATaskToCome) {
  Invocation words = thermos({"events", "-f", "later"});
  words.environment["THERMOS_SOCKET"] = socket();
  const Words joined{"/bin/sh", "-c", "exec \"$0\" \"$@\" 2>&1"};
  words.words.insert(words.words.begin(), joined.begin(), joined.end());
  Program events(words);
  ASSERT_TRUE(
      events.wait_for("thermos: waiting for a task: no task matches 'later' among yours\n"));
  ASSERT_EQ(ask({"submit", "--wait", "--task-id", "later", file("s.json", kShort)}).status, 0);
  EXPECT_TRUE(events.wait_for("task SUCCESS"));
}

TEST_F(DaemonNames, ResumeOfADaemonsTask) {
  const Finished ended = ask({"resume", "nightly"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_NE(ended.out.find("nightly SUCCESS in "), std::string::npos) << ended.out;
  const Finished led = ask({"resume", "bus"});
  EXPECT_EQ(led.status, 75);
  EXPECT_TRUE(led.err.starts_with("thermos: task busy is led by pid " +
                                  std::to_string(daemon_->pid()) + " ("))
      << led.err;
  EXPECT_NE(led.err.find("): `thermos wait busy` waits for its end, `thermos tail -f busy` shows "
                         "what it prints\n"),
            std::string::npos)
      << led.err;
}

// The daemon did not see it come, and nobody leads it.
TEST_F(DaemonNames, ResumeOfATaskInTheDaemonsRootThatNobodyLeads) {
  ASSERT_EQ(::mkfifo((work() + "/go").c_str(), 0600), 0);
  {
    Program runner(thermos({"run", "--root", scratch_ / "daemon", "--task-id", "own",
                            file("o.json", R"({"processes": [{"name": "p",
                                "cmdline": "echo $$ > up; read x < go"}]})")}));
    real::pid_in(work() + "/up");
    runner.signal(SIGKILL);
    EXPECT_EQ(runner.wait().status, -SIGKILL);
  }
  write_text(work() + "/go", "x\n");
  const Finished resumed = ask({"resume", "own"});
  EXPECT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_NE(resumed.out.find("own SUCCESS in "), std::string::npos) << resumed.out;
}

}  // namespace
}  // namespace thermos::testing
