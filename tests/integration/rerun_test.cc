// `thermos rerun` from outside: real processes, and a task that stays as it was.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "stream_cut.h"
#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

using nlohmann::json;

class Rerun : public ThermosTest {
 protected:
  // Each process notes that it ran in `ran`. `b` fails as long as there is no file `fixed`.
  static std::string config(std::string_view more_of_a = "") {
    return R"({"name": "n", "processes": [
      {"name": "a", "cmdline": "echo a >> ran; echo from a)" +
           std::string(more_of_a) + R"("},
      {"name": "b", "cmdline": "echo b >> ran; test -e fixed"},
      {"name": "c", "cmdline": "echo c >> ran"},
      {"name": "end", "final": true, "cmdline": "echo end >> ran"}],
      "constraints": [{"order": ["a", "b", "c"]}]})";
  }
  void fail_first() const {
    ASSERT_EQ(run_task("old", config()).status, 1);
    ASSERT_EQ(ran(), "a b end ");
  }
  void fix() const { write_text(work() + "/fixed", ""); }
  // What ran since this was asked last.
  std::string ran() const {
    std::string text = real::read_file(work() + "/ran");
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::filesystem::remove(work() + "/ran");
    return text;
  }
  static json last_run(const json& status, const std::string& process) {
    return status.at("processes").at(process).back();
  }
  // Every file of the task `id` and its bytes.
  std::map<std::string, std::string> files_of(const std::string& id) const {
    std::map<std::string, std::string> files;
    for (const std::string& path : tree_of(root())) {
      if (path.find("/" + id) == std::string::npos) continue;
      const std::string whole = root() + "/" + path;
      files[path] = std::filesystem::is_regular_file(whole) ? read_text(whole) : "";
    }
    return files;
  }
};

TEST_F(Rerun, RunsWhatFailedAndWhatIsBehindItAsANewTask) {
  fail_first();
  const auto before = files_of("old");
  ASSERT_FALSE(before.empty());
  fix();
  const Finished done = run({"rerun", "old", "--task-id", "new"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_NE(done.out.find("new in " + work() + ", goes on from old: 1 taken over\n"),
            std::string::npos)
      << done.out;
  EXPECT_EQ(done.out.find("resumed"), std::string::npos) << done.out;
  EXPECT_EQ(ran(), "b c end ");
  EXPECT_EQ(files_of("old"), before) << "the old task is as it was";

  const json status = status_of("new");
  EXPECT_EQ(status.at("state"), "SUCCESS");
  EXPECT_EQ(status.at("header").at("continues"), "old");
  EXPECT_EQ(status.at("header").at("sandbox"), work());
  EXPECT_EQ(last_run(status, "a").at("taken_over_from"), "old");
  EXPECT_EQ(last_run(status, "a").at("state"), "SUCCESS");
  EXPECT_EQ(last_run(status, "a").at("start_time"),
            last_run(status_of("old"), "a").at("start_time"));
  for (const char* name : {"b", "c", "end"}) {
    EXPECT_FALSE(last_run(status, name).contains("taken_over_from")) << name;
  }
  EXPECT_FALSE(status_of("old").at("header").contains("continues"));
  EXPECT_EQ(run({"fsck"}).status, 0) << run({"fsck"}).out;
}

TEST_F(Rerun, IsShownForWhatItIs) {
  fail_first();
  fix();
  ASSERT_EQ(run({"rerun", "old", "--task-id", "new"}).status, 0);
  const auto shows = [&](const Words& words, std::string_view text) {
    const Finished shown = run(words);
    EXPECT_NE(shown.out.find(text), std::string::npos) << words.front() << ": " << shown.out;
  };
  shows({"status", "new"}, "  goes on from old: 1 taken over\n");
  shows({"status", "new"}, "taken over from old\n");
  shows({"why", "new", "a"}, "a succeeded in task old, from which that was taken over");
  shows({"inspect", "--task-id", "new"}, "[taken over from old]");
  shows({"inspect", "--task-id", "new"}, "goes on from old");
  shows({"tail", "new", "a"}, "from a\n");
  shows({"read", root() + "/checkpoints/new/runner"}, "continues=old");
  shows({"diff", "old", "new"}, "b: FAILED, exit 1 -> SUCCESS");
  EXPECT_EQ(run({"diff", "old", "new"}).out.find("  a: "), std::string::npos);
  // One that went on twice names the task that ran it, and its output.
  ASSERT_EQ(run({"rerun", "new", "--from", "c", "--task-id", "third"}).status, 0);
  EXPECT_EQ(last_run(status_of("third"), "a").at("taken_over_from"), "old");
  EXPECT_EQ(last_run(status_of("third"), "b").at("taken_over_from"), "new");
  EXPECT_EQ(run({"tail", "third", "a"}).out, "from a\n");
}

TEST_F(Rerun, TailSaysWhereTheOutputWas) {
  fail_first();
  fix();
  ASSERT_EQ(run({"rerun", "old", "--task-id", "new"}).status, 0);
  std::filesystem::remove_all(root() + "/checkpoints/old");
  const Finished gone = run({"tail", "new", "a"});
  EXPECT_EQ(gone.out, "");
  EXPECT_NE(gone.err.find("a: its output is that of task old, from which it was taken over"),
            std::string::npos)
      << gone.err;
  EXPECT_EQ(std::count(gone.err.begin(), gone.err.end(), '\n'), 1) << gone.err;
}

TEST_F(Rerun, IsRefusedWhileSomebodyRemovesTheEndedTask) {
  fail_first();
  const int lock = ::open((root() + "/checkpoints/old/runner").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  const Finished refused = run({"rerun", "old", "--task-id", "new"});
  ::close(lock);
  EXPECT_EQ(refused.status, 75) << refused.err;
  EXPECT_NE(refused.err.find("old: somebody leads it, or removes it"), std::string::npos)
      << refused.err;
  EXPECT_FALSE(std::filesystem::exists(root() + "/tasks/active/new"));
  fix();
  EXPECT_EQ(run({"rerun", "old", "--task-id", "new"}).status, 0) << "it can be repeated";
}

TEST_F(Rerun, RunsNamedOnesAndAll) {
  fix();
  ASSERT_EQ(run_task("old", config()).status, 0);
  ran();
  ASSERT_EQ(run({"rerun", "old", "--from", "b", "--task-id", "one"}).status, 0);
  EXPECT_EQ(ran(), "b c end ");
  ASSERT_EQ(run({"rerun", "old", "--from", "c", "a", "--task-id", "two"}).status, 0);
  EXPECT_EQ(ran(), "a b c end ");
  ASSERT_EQ(run({"rerun", "old", "--all", "--task-id", "three"}).status, 0);
  EXPECT_EQ(ran(), "a b c end ");
  EXPECT_EQ(status_of("three").at("header").at("continues"), "old");
  const Finished named = run({"rerun", "old", "--all"});
  EXPECT_EQ(named.out.rfind("n-", 0) == 0 || named.out.find(" n-") != std::string::npos, true)
      << named.out;
}

TEST_F(Rerun, AChangedConfigurationRunsWhatItChanges) {
  fix();
  ASSERT_EQ(run_task("old", config()).status, 0);
  ran();
  const std::string changed = file("changed.json", R"({"name": "n", "processes": [
      {"name": "a", "cmdline": "echo a >> ran; echo from a"},
      {"name": "c", "cmdline": "echo c $THERMOS_TASK_ID >> ran"},
      {"name": "new", "cmdline": "echo new >> ran"}],
      "constraints": [{"order": ["a", "c"]}]})");
  ASSERT_EQ(run({"rerun", "old", "--config", changed, "--task-id", "next"}).status, 0);
  std::string lines = ran();
  EXPECT_TRUE(lines == "c next new " || lines == "new c next ") << lines;
  const json status = status_of("next");
  EXPECT_EQ(last_run(status, "a").at("taken_over_from"), "old");
  EXPECT_FALSE(status.at("processes").contains("b")) << "it is not there any more";
  EXPECT_EQ(run({"fsck"}).status, 0) << run({"fsck"}).out;
}

// What the ended task has from its command line is no change of FILE.
TEST_F(Rerun, AConfigurationIsTakenWithTheLoggersThatTheEndedTaskHad) {
  ASSERT_EQ(run_task("old", config(), {"--log-rotate", "10M"}).status, 1);
  ran();
  fix();
  const std::string same = file("same.json", config());
  ASSERT_EQ(run({"rerun", "old", "--config", same, "--task-id", "new"}).status, 0);
  EXPECT_EQ(ran(), "b c end ");
  const json recorded = json::parse(read_text(root() + "/tasks/finished/new"));
  for (const json& process : recorded.at("processes")) {
    EXPECT_EQ(process.at("logger").at("mode"), "rotate") << process;
  }
  // A logger that FILE gives is FILE's.
  const std::string other = file("other.json", R"({"name": "n", "processes": [
      {"name": "a", "cmdline": "echo a >> ran; echo from a", "logger": {"destination": "none"}},
      {"name": "c", "cmdline": "echo c >> ran"}]})");
  ASSERT_EQ(run({"rerun", "new", "--config", other, "--task-id", "third"}).status, 0);
  EXPECT_EQ(ran(), "a ");
}

// That of the shell from which it is rerun is another one.
TEST_F(Rerun, AConfigurationIsTakenWithTheEnvironmentThatTheEndedTaskHad) {
  const std::string text = R"({"name": "n", "env": {"OWN": "1"}, "processes": [
      {"name": "a", "cmdline": "echo a >> ran"},
      {"name": "b", "cmdline": "echo b $MINE >> ran; test -e fixed"}],
      "constraints": [{"order": ["a", "b"]}]})";
  const std::string path = file("same.json", text);
  Invocation first = thermos({"run", "--preserve-env", "--task-id", "old", path});
  first.environment["MINE"] = "yes";
  ASSERT_EQ(run_program(first).status, 1);
  ASSERT_EQ(ran(), "a b yes ");
  fix();
  ASSERT_EQ(run({"rerun", "old", "--config", path, "--preserve-env", "--task-id", "new"}).status,
            0);
  EXPECT_EQ(ran(), "b yes ");
  refuse({"rerun", "old", "--preserve-env"}, 64, "say how --config is read");
}

// What refers to the task's id is the same definition in another task.
TEST_F(Rerun, AnIdIsNoChange) {
  const std::string with_id = R"({"name": "n", "processes": [
      {"name": "a", "cmdline": "echo {{thermos.task_id}} >> ran"},
      {"name": "b", "cmdline": "echo {{thermos.task_id}} >> ran; test -e fixed"}],
      "constraints": [{"order": ["a", "b"]}]})";
  ASSERT_EQ(run_task("old", with_id).status, 1);
  ran();
  fix();
  const std::string path = file("same.json", with_id);
  ASSERT_EQ(run({"rerun", "old", "--config", path, "--task-id", "next"}).status, 0);
  EXPECT_EQ(ran(), "next ");
}

TEST_F(Rerun, WhatFailsAgainSaysSo) {
  fail_first();
  EXPECT_EQ(run({"rerun", "old", "--task-id", "new"}).status, 1);
  EXPECT_EQ(ran(), "b end ");
  fix();
  EXPECT_EQ(run({"rerun", "new", "--task-id", "third"}).status, 0);
  EXPECT_EQ(ran(), "b c end ");
}

TEST_F(Rerun, GoesOnAfterItsRunnerDied) {
  const std::string gate = work() + "/gate";
  ASSERT_EQ(run_task("old", R"({"name": "n", "processes": [
      {"name": "a", "cmdline": "echo a >> ran"},
      {"name": "b", "cmdline": "echo b >> ran; test -e fixed && touch began && cat gate >> ran"},
      {"name": "c", "cmdline": "echo c >> ran"}],
      "constraints": [{"order": ["a", "b", "c"]}]})")
                .status,
            1);
  ran();
  fix();
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  {
    Program runner(thermos({"rerun", "old", "--task-id", "new"}));
    ASSERT_TRUE(real::wait_for_file(work() + "/began"));
    runner.signal(SIGKILL);
    runner.wait();
  }
  std::ofstream(gate) << "end\n";
  const Finished done = run({"resume", "new"});
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_EQ(ran(), "b end c ");
  EXPECT_EQ(last_run(status_of("new"), "a").at("taken_over_from"), "old");
  EXPECT_EQ(status_of("new").at("processes").at("a").size(), 1U);
}

TEST_F(Rerun, ABeginningThatWasCutOffLeavesNoTask) {
  fail_first();
  fix();
  ASSERT_EQ(run({"rerun", "old", "--task-id", "new", "-q"}).status, 0);
  ran();
  // As one leaves it that died before it had a task file: the stream up to the first task record,
  // behind the header and the four records of `a`.
  const auto die = [&] {
    std::filesystem::remove(root() + "/tasks/finished/new");
    real::cut_off(root() + "/checkpoints/new/runner", 5);
    for (const char* name : {"b", "c", "end"}) {
      std::filesystem::remove(root() + "/checkpoints/new/coordinator." + name);
    }
  };
  die();
  EXPECT_EQ(run({"status", "new"}).status, 66);
  const Finished checked = run({"fsck"});
  EXPECT_NE(checked.out.find("whose creation was not completed"), std::string::npos) << checked.out;
  // The id is free, for one that goes on and for one that does not.
  ASSERT_EQ(run({"rerun", "old", "--task-id", "new", "-q"}).status, 0);
  EXPECT_EQ(ran(), "b c end ");
  EXPECT_EQ(last_run(status_of("new"), "a").at("taken_over_from"), "old");
  die();
  ASSERT_EQ(run_task("new", config()).status, 0);
  EXPECT_EQ(ran(), "a b c end ");
  EXPECT_FALSE(status_of("new").at("header").contains("continues"));
}

// Whoever owns the record could have us run anything, as whom it names.
TEST_F(Rerun, ARecordOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(run_task("foreign", R"({"processes": [{"name": "p", "cmdline": "exit 1"}]})").status,
            1);
  ASSERT_EQ(::chown((root() + "/checkpoints/foreign/runner").c_str(), 65534, 65534), 0);
  refuse({"rerun", "foreign"}, 77, "checkpoints/foreign/runner belongs to uid 65534");
}

TEST_F(Rerun, WhatCannotBeRerunIsRefused) {
  fail_first();
  fix();
  ASSERT_EQ(run({"rerun", "old", "--task-id", "good"}).status, 0);
  ran();
  const auto before = tree_of(root());
  refuse({"rerun"}, 64, "rerun: TASK is missing");
  refuse({"rerun", "odl"}, 66, "no task matches 'odl'");
  refuse({"rerun", "odl"}, 66, "did you mean 'old'?");
  refuse({"rerun", "old", "--from", "bb"}, 66, "old has no process 'bb', did you mean 'b'?");
  refuse({"rerun", "old", "--from", "end"}, 64, "--from end: a finalizer, which runs in any case");
  refuse({"rerun", "old", "b"}, 64, "unexpected argument 'b'");
  refuse({"rerun", "old", "--all", "--failed"}, 64, "give one of --failed, --from and --all");
  refuse({"rerun", "old", "-E", "A=b"}, 64, "say how --config is read");
  refuse({"rerun", "old", "--task-id", "old"}, 64, "that is the ended task");
  refuse({"rerun", "old", "--task-id", "good"}, 64, "good has ended already");
  refuse({"rerun", "good"}, 64, "nothing of it is left to run");
  refuse({"rerun", "old", "--config", "none.json"}, 66, "none.json");
  refuse({"rerun", "old", "--config", file("bad.json", R"({"processes": [{}]})")}, 65,
         "processes[0]");
  std::filesystem::rename(work(), work() + "-away");
  Invocation elsewhere = thermos({"rerun", "old"});
  elsewhere.directory = scratch_.path();
  const Finished gone = run_program(elsewhere);
  EXPECT_EQ(gone.status, 66) << gone.err;
  EXPECT_NE(gone.err.find("the sandbox of task old is gone"), std::string::npos) << gone.err;
  std::filesystem::rename(work() + "-away", work());
  EXPECT_EQ(tree_of(root()), before) << "nothing was made";
}

TEST_F(Rerun, AnActiveTaskIsRefused) {
  ASSERT_EQ(::mkfifo((work() + "/gate").c_str(), 0600), 0);
  Program runner(
      thermos({"run", "--task-id", "live", file("live.json", R"({"processes": [{"name": "a",
                              "cmdline": "touch began; exec cat gate"}]})")}));
  ASSERT_TRUE(real::wait_for_file(work() + "/began"));
  refuse({"rerun", "live"}, 75, "task live has not ended, so it can't be rerun");
  std::ofstream(work() + "/gate") << "";
  EXPECT_EQ(runner.wait().status, 0);
}

}  // namespace
}  // namespace thermos::testing
