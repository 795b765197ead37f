// Commands that take a task, for the tasks of a daemon.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>

#include "node_servers.h"
#include "terminal.h"
#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

class CliDaemon : public ThermosTest {
 protected:
  void SetUp() override {
    Invocation daemon;
    daemon.words = {built("thermos-reactor"),
                    "--root",
                    daemon_root(),
                    "--socket",
                    socket(),
                    "--log-level",
                    "error"};
    daemon_.emplace(daemon);
    ASSERT_TRUE(real::wait_for_file(socket()));
    while (ask({"status"}).status == 69) {
    }
  }
  void TearDown() override {
    if (daemon_) ask({"drain", "--wait", "0"});
  }

  std::string daemon_root() const { return scratch_ / "daemon"; }
  std::string socket() const { return scratch_ / "socket"; }
  Invocation asking(const Words& words) const {
    Invocation invocation = thermos(words);
    invocation.environment["THERMOS_SOCKET"] = socket();
    return invocation;
  }
  Finished ask(const Words& words) const { return run_program(asking(words)); }
  void submit(const std::string& id, std::string_view config, Words options = {}) const {
    Words words{"submit", "--task-id", id};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(file(id + ".json", config));
    const Finished given = ask(words);
    EXPECT_EQ(given.status, 0) << given.err;
  }
  std::string fifo(const std::string& name) const {
    const std::string path = work() + "/" + name;
    EXPECT_EQ(::mkfifo(path.c_str(), 0666), 0);
    EXPECT_EQ(::chmod(path.c_str(), 0666), 0);
    return path;
  }

  std::optional<Program> daemon_;
};

constexpr std::string_view kSays = R"({"processes": [
    {"name": "p", "cmdline": "echo out; echo err >&2"}, {"name": "q", "cmdline": "echo q"}]})";

TEST_F(CliDaemon, TailInspectAndFsckFindItsTasks) {
  submit("says", kSays, {"--wait"});
  EXPECT_EQ(ask({"tail", "says"}).out, "p | out\np | err\nq | q\n");
  EXPECT_EQ(ask({"tail", "-f", "sa", "p"}).out, "out\nerr\n");
  EXPECT_EQ(run({"tail", "--socket", socket(), "--stderr", "says", "p"}).out, "err\n");
  EXPECT_EQ(ask({"tail", "none"}).status, 66);
  const Finished one = ask({"inspect", "says", "q"});
  EXPECT_NE(one.out.find("      echo q\n"), std::string::npos) << one.out << one.err;
  const Finished all = ask({"inspect", "--task-id", "sa.s"});
  EXPECT_EQ(all.status, 0) << all.err;
  EXPECT_NE(all.out.find(daemon_root()), std::string::npos) << all.out;
  const Finished checked = ask({"fsck", "sa"});
  EXPECT_EQ(checked.status, 0) << checked.err;
  EXPECT_NE(checked.out.find("1 task,"), std::string::npos) << checked.out;
  // A root that is named is meant.
  EXPECT_EQ(ask({"tail", "--root", root(), "says"}).status, 66);
  EXPECT_EQ(ask({"fsck", "--root", root(), "says"}).status, 66);
}

TEST_F(CliDaemon, WaitAndOrdersTakePatterns) {
  const std::string go = fifo("go");
  submit("long-1", R"({"processes": [{"name": "p", "cmdline": "sleep 600"}]})");
  submit("long-2", R"({"processes": [{"name": "p", "cmdline": "read x < )" + go + R"("}]})");
  submit("short", R"({"processes": [{"name": "p", "cmdline": "exit 3"}]})");
  EXPECT_EQ(ask({"wait", "sh"}).status, 1);
  EXPECT_EQ(ask({"wait", "--timeout", "0", "long"}).status, 124);
  EXPECT_EQ(ask({"wait", "none"}).status, 66);
  EXPECT_EQ(ask({"restart", "long", "p"}).status, 64);
  const Finished stopped = ask({"stop", "--wait", "0", ".*1", "p"});
  EXPECT_EQ(stopped.status, 0) << stopped.err;
  EXPECT_EQ(ask({"kill", "--wait", "0", "long-1"}).status, 0);
  write_text(go, "on\n");
  EXPECT_EQ(ask({"wait", "long-2"}).status, 0);
  const Finished several = ask({"wait", "long-2", "long-1", "short"});
  EXPECT_EQ(several.status, 2);
  EXPECT_TRUE(several.err.starts_with("long-1 KILLED\nshort FAILED\n  p FAILED, run 0: exit 3\n"))
      << several.err;
  submit("lenient", R"({"max_failures": 0, "processes": [{"name": "p", "cmdline": "exit 4"}]})");
  const Finished good = ask({"wait", "long-2", "lenient"});
  EXPECT_EQ(good.status, 0);
  EXPECT_TRUE(good.err.starts_with("lenient SUCCESS\n  p FAILED, run 0: exit 4\n")) << good.err;
  EXPECT_EQ(ask({"wait", "long"}).status, 64);  // two have ended, and none is active
}

TEST_F(CliDaemon, SubmitSaysOnWhichNodesATaskRuns) {
  Words options = real::nodes("n1,n2");
  options.emplace_back("--wait");
  submit("spread", R"({"processes": [{"name": "p", "cmdline": "true", "on": "each"}]})", options);
  const auto processes =
      nlohmann::json::parse(ask({"status", "--json", "spread"}).out)["tasks"][0]["processes"];
  EXPECT_EQ(processes.size(), 2U) << processes;
  for (const auto& runs : processes) EXPECT_TRUE(runs.back().contains("node")) << runs;
}

TEST_F(CliDaemon, AnEmptyPatternEndsNothing) {
  submit("long", R"({"processes": [{"name": "p", "cmdline": "sleep 600"}]})");
  const Finished refused = ask({"kill", ""});
  EXPECT_EQ(refused.status, 64) << refused.out << refused.err;
  EXPECT_NE(refused.err.find("an empty pattern would mean every task"), std::string::npos)
      << refused.err;
  EXPECT_EQ(ask({"wait", "--timeout", "0", "long"}).status, 124) << "it is active";
}

// Of a root that is named, no task of another root's daemon, whatever its id.
TEST_F(CliDaemon, OrdersAreForTheRootThatIsNamed) {
  constexpr std::string_view kWaits = R"({"processes": [
      {"name": "p", "cmdline": "touch up; exec sleep 600"}]})";
  for (const char* id : {"build", "build-2"}) submit(id, kWaits);
  Program runner(thermos({"run", "--task-id", "build", "-q", file("t.json", kWaits)}));
  ASSERT_TRUE(real::wait_for_file(work() + "/up"));
  const auto stopped = [&](const std::string& of, const std::string& id) {
    const Finished status = run({"status", "--root", of, "--json", id});
    const auto tasks = nlohmann::json::parse(status.out).at("tasks");
    return tasks.at(0).contains("stopped");
  };
  const Finished here = ask({"stop", "--root", root(), "--wait", "0", "bui", "p"});
  EXPECT_EQ(here.status, 0) << here.err;
  EXPECT_TRUE(stopped(root(), "build"));
  EXPECT_FALSE(stopped(daemon_root(), "build"));
  EXPECT_EQ(ask({"stop", "--root", root(), "build-2", "p"}).status, 66);
  EXPECT_FALSE(stopped(daemon_root(), "build-2"));
  EXPECT_EQ(ask({"completion", "--next", "--root", root(), "stop", ""}).out, "build\n");
  // Its own is asked, and says when the run has ended.
  const Finished there = ask({"stop", "--root", daemon_root(), "--wait", "0", "build-2", "p"});
  EXPECT_EQ(there.status, 0) << there.err;
  EXPECT_TRUE(stopped(daemon_root(), "build-2"));
  EXPECT_EQ(ask({"completion", "--next", "--root", daemon_root(), "stop", ""}).out,
            "build\nbuild-2\n");
  EXPECT_EQ(run({"kill", "--wait", "0", "build"}).status, 0);
  EXPECT_EQ(runner.wait().status, 2);
}

TEST_F(CliDaemon, RunShowsATaskOfTheDaemon) {
  const std::string config = file("t.json", R"({"processes": [
      {"name": "good", "cmdline": "true"}, {"name": "bad", "cmdline": "echo oops >&2; exit 3"}]})");
  const Finished ran = ask({"run", "--daemon", "--task-id", "t", config});
  EXPECT_EQ(ran.status, 1) << ran.err;
  EXPECT_NE(ran.out.find("good"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("t FAILED in "), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("      oops\n"), std::string::npos) << ran.out;
  EXPECT_EQ(ask({"wait", "t"}).status, 1);
  EXPECT_EQ(ask({"run", "--daemon", "--task-id", "t", config}).status, 64);
  EXPECT_EQ(ask({"run", "--daemon", "--output", config}).status, 64);
  EXPECT_EQ(ask({"run", "--daemon", "--socket", scratch_ / "none", config}).status, 69);
  EXPECT_EQ(ask({"run", "--socket", socket(), config}).status, 64);
}

TEST_F(CliDaemon, RunTakesTheSameOptionsForTheDaemon) {
  const std::string config = file("t.thermos", R"({"processes": [
      {"name": "p", "cmdline": "test \"$MINE\" = yes"}]})");
  Invocation run = asking({"run", "--daemon", "--json", "--preserve-env", config});
  run.environment["MINE"] = "yes";
  const Finished ran = run_program(run);
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_EQ(ask({"run", "--daemon", "--process-logger-mode", "x", "--json", config}).status, 64);
  EXPECT_EQ(ask({"run", "--daemon", "--hostname", "h", "--json", config}).status, 64);
}

TEST_F(CliDaemon, CtrlCLeavesTheTaskToTheDaemon) {
  const std::string go = fifo("go");
  const std::string config = file("t.json", R"({"processes": [{"name": "worker",
      "cmdline": "read x < )" + go + R"("}]})");
  Terminal terminal(asking({"run", "--daemon", "--task-id", "t", config}), 80);
  ASSERT_TRUE(terminal.wait_for("worker"));
  terminal.type("\x03");
  EXPECT_EQ(terminal.wait(), 130);
  EXPECT_NE(terminal.screen().find("the daemon goes on with t: `thermos kill` ends it"),
            std::string::npos)
      << terminal.screen();
  write_text(go, "on\n");
  EXPECT_EQ(ask({"wait", "t"}).status, 0);
}

// Who may not read the daemon's root is told by the daemon, and reads their own logs.
TEST_F(CliDaemon, AUserFollowsTheirOwnTask) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
  ASSERT_EQ(::chmod((scratch_ / "").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(socket().c_str(), 0666), 0);
  const auto as_nobody = [&](const Words& words) {
    Invocation invocation = asking(words);
    const Words user{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"};
    invocation.words.insert(invocation.words.begin(), user.begin(), user.end());
    invocation.directory = "/";
    return invocation;
  };
  if (run_program(as_nobody({"--version"})).status != 0) {
    GTEST_SKIP() << "nobody may not run the programs where they are built";
  }
  const std::string go = fifo("go");
  const std::string config = file("t.json", R"({"processes": [{"name": "p",
      "cmdline": "echo begin; read x < )" + go + R"(; echo end >&2"}]})");
  ASSERT_EQ(::chmod(work().c_str(), 0755), 0);
  const Finished given = run_program(as_nobody({"submit", "--task-id", "t", config}));
  ASSERT_EQ(given.status, 0) << given.err;
  Program tail(as_nobody({"tail", "-f", "t", "p"}));
  ASSERT_TRUE(tail.wait_for("begin\n"));
  const Finished led = run_program(as_nobody({"resume", "t"}));
  EXPECT_EQ(led.status, 75);
  EXPECT_NE(led.err.find("task t is the daemon's, which goes on with it: `thermos wait t`"),
            std::string::npos)
      << led.err;
  write_text(go, "on\n");
  const Finished followed = tail.wait();
  EXPECT_EQ(followed.out, "begin\nend\n") << followed.err;
  EXPECT_EQ(followed.status, 0) << followed.err;
  EXPECT_EQ(run_program(as_nobody({"tail", "t"})).out, "begin\nend\n");
  const Finished ended = run_program(as_nobody({"resume", "t"}));
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_NE(ended.out.find("t SUCCESS in "), std::string::npos) << ended.out;
  const Finished inspected = run_program(as_nobody({"inspect", "--task-id", "t"}));
  EXPECT_EQ(inspected.status, 77) << inspected.err;
  EXPECT_EQ(run_program(as_nobody({"fsck"})).status, 77);
}

TEST_F(CliDaemon, WhySaysWhyATaskOfTheDaemonFailed) {
  submit("bad", R"({"name": "t", "processes": [{"name": "c", "cmdline": "exit 3"}]})");
  ASSERT_EQ(ask({"wait", "bad"}).status, 1);
  const Finished why = ask({"why", "bad"});
  EXPECT_EQ(why.status, 0) << why.err;
  EXPECT_NE(why.out.find("exit 3"), std::string::npos) << why.out;
  EXPECT_EQ(ask({"why", "nosuch"}).status, 66);
  EXPECT_EQ(ask({"why", "bad", "d"}).status, 66);
}

TEST_F(CliDaemon, EventsTellHowFarATaskIs) {
  submit("one", R"({"name": "t", "processes": [
      {"name": "a", "cmdline": ":"}, {"name": "b", "cmdline": "sleep 1000", "daemon": true, "ephemeral": true},
      {"name": "c", "cmdline": "exit 3"}], "max_failures": 2})");
  ASSERT_EQ(ask({"wait", "one"}).status, 0);
  const Finished past = ask({"events", "--progress", "one"});
  EXPECT_EQ(past.status, 0) << past.err;
  EXPECT_TRUE(past.out.ends_with("\none  [1/2] 1 failed, 0 running\n")) << past.out;
  EXPECT_EQ(past.out.find("[1/2]"), past.out.rfind("[1/2]")) << past.out;
  const Finished json = ask({"events", "--progress", "--json", "one"});
  const auto last = json.out.substr(json.out.rfind('\n', json.out.size() - 2) + 1);
  EXPECT_EQ(nlohmann::json::parse(last), (nlohmann::json{{"task_id", "one"},
                                                         {"kind", "progress"},
                                                         {"done", 1},
                                                         {"all", 2},
                                                         {"running", 0},
                                                         {"failed", 1}}));
}

TEST_F(CliDaemon, EventsThatAreFollowedTellHowFarATaskIs) {
  const std::string gate = fifo("gate");
  Program events(asking({"events", "-f", "--since", "1", "--progress"}));
  // The first line comes with the task, and another a second later: it was not told when `a` ended.
  submit("two", R"({"name": "t", "processes": [
      {"name": "a", "cmdline": ":"}, {"name": "b", "cmdline": "cat )" +
                    gate + R"("}]})");
  ASSERT_TRUE(events.wait_for("two  [1/2] 1 running\n"));
  std::ofstream(gate) << "go\n";
  ASSERT_TRUE(events.wait_for("two  [2/2] 0 running\n"));
}

TEST_F(CliDaemon, ARerunFindsItsTasksAndIsLedFromHere) {
  submit("old", R"({"name": "n", "processes": [
      {"name": "a", "cmdline": "echo a >> ran"}, {"name": "b", "cmdline": "test -e fixed"}],
      "constraints": [{"order": ["a", "b"]}]})");
  ASSERT_EQ(ask({"wait", "old"}).status, 1);
  const std::string sandbox = daemon_root() + "/sandboxes/old";
  write_text(sandbox + "/fixed", "");
  const Finished again = ask({"rerun", "--task-id", "new", "old"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(read_text(sandbox + "/ran"), "a\n") << "what succeeded is taken over";
  EXPECT_EQ(run({"status", "--root", daemon_root(), "new"}).status, 0);
  EXPECT_EQ(ask({"why", "new"}).status, 0);
  EXPECT_EQ(ask({"status", "new"}).status, 0) << "the daemon shows it, too";
}

}  // namespace
}  // namespace thermos::testing
