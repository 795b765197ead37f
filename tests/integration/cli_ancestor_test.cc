// Roots of Apache Thermos by the command line, and its options.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kOld = THERMOS_SOURCE "/tests/ancestor_root";

class AncestorTest : public ThermosTest {
 protected:
  std::string old() const { return scratch_ / "old"; }
  void SetUp() override {
    std::filesystem::copy(kOld, old(), std::filesystem::copy_options::recursive);
    // Whoever wrote or locked something would have to be able to.
    for (const std::string& name : tree_of(old())) {
      const std::string path = old() + "/" + name;
      if (std::filesystem::is_regular_file(path)) before_ += name + read_text(path);
    }
  }
  void TearDown() override {
    std::string after;
    for (const std::string& name : tree_of(old())) {
      const std::string path = old() + "/" + name;
      if (std::filesystem::is_regular_file(path)) after += name + read_text(path);
    }
    EXPECT_EQ(after, before_) << "the old root is only read";
  }

 private:
  std::string before_;
};

TEST_F(AncestorTest, SeveralRootsAreReadAtOnce) {
  ASSERT_EQ(run({"simplerun", "-q", "--task-id", "mine", "--", "echo hello"}).status, 0);
  const std::string own = root();
  const std::vector<std::string> both = {"--root", old(), "--root", own};
  const auto asked = [&](std::vector<std::string> words) {
    words.insert(words.end(), both.begin(), both.end());
    return run(words);
  };
  const Finished status = asked({"status", "--json"});
  ASSERT_EQ(status.status, 0) << status.err;
  const Json tasks = Json::parse(status.out)["tasks"];
  ASSERT_EQ(tasks.size(), 4U);
  std::map<std::string, std::string> roots;
  for (const Json& task : tasks) roots[task["task_id"]] = task["root"];
  EXPECT_EQ(roots["mine"], own);
  EXPECT_EQ(roots["failure"], old());
  const Finished one = asked({"status", "mine", "failure"});
  EXPECT_NE(one.out.find("root " + old()), std::string::npos) << one.out;
  const Finished none = asked({"status", "nosuch"});
  EXPECT_EQ(none.status, 66);
  EXPECT_EQ(none.err, "thermos: no task matches 'nosuch' under " + old() + ", " + own + "\n");
  EXPECT_EQ(asked({"tail", "mine"}).out, "hello\n");
  EXPECT_EQ(asked({"inspect", "--task-id", "failure"}).status, 0);
  EXPECT_EQ(asked({"inspect", "--task-id", "nosuch"}).status, 66);
  // An id means that task alone, also where another root has one that begins so.
  ASSERT_EQ(run({"simplerun", "-q", "--task-id", "failure-2", "--", "true"}).status, 0);
  EXPECT_EQ(Json::parse(asked({"status", "--json", "failure"}).out)["tasks"].size(), 1U);
  EXPECT_EQ(asked({"tail", "failure"}).status, 0);
  const Finished refused = asked({"import", old()});
  EXPECT_EQ(refused.status, 64);
  EXPECT_EQ(refused.err, "thermos: import: --root is given twice: " + old() + " and " + own + "\n");
  const Finished twice = run({"tail", "--root", own, "--root", own, "mine"});
  EXPECT_EQ(twice.out, "hello\n") << twice.err;
}

TEST_F(AncestorTest, SimplerunRecordsTheResourcesThatItDid) {
  ASSERT_EQ(run({"simplerun", "-q", "--task-id", "s", "--", "true"}).status, 0);
  const Json task = Json::parse(read_text(root() + "/tasks/finished/s"));
  EXPECT_EQ(task["resources"], Json::parse(R"({"cpu": 1, "ram": 268435456, "disk": 0})"));
}

TEST_F(AncestorTest, ItsRootIsShown) {
  const Finished status = run({"status", "--json", "--root", old()});
  ASSERT_EQ(status.status, 0) << status.err;
  const Json tasks = Json::parse(status.out)["tasks"];
  ASSERT_EQ(tasks.size(), 3U);
  EXPECT_EQ(tasks[0]["task_id"], "sleep60-lost");
  EXPECT_EQ(tasks[0]["state"], "LOST");
  EXPECT_EQ(tasks[0]["processes"]["sleep"][0]["state"], "LOST");
  const Finished inspected = run({"inspect", "--root", old(), "--task-id", "failure"});
  EXPECT_EQ(inspected.status, 0) << inspected.err;
  EXPECT_NE(inspected.out.find("task failure: SUCCESS"), std::string::npos) << inspected.out;
  const Finished why = run({"why", "--root", old(), "failure"});
  EXPECT_EQ(why.status, 65);
  EXPECT_NE(why.err.find("import " + old() + " failure`"), std::string::npos) << why.err;
  const std::string checkpoints = old() + "/checkpoints/";
  const Finished runner = run({"read", "--simple", checkpoints + "sleep60/runner"});
  EXPECT_EQ(runner.status, 0) << runner.err;
  EXPECT_EQ(runner.out,
            "- ACTIVE\n0 WAITING sleep 0\n1 FORKED sleep 0\n2 RUNNING sleep 0\n"
            "- ACTIVE\n- KILLED\n3 KILLED sleep 0\n");
  const Finished coordinator = run({"read", "--json", checkpoints + "failure/coordinator.p2"});
  const Json records = Json::parse(coordinator.out);
  ASSERT_EQ(records.size(), 6U);
  EXPECT_EQ(records[5]["run"], 1);
  EXPECT_EQ(records[5]["seq"], 7);
}

TEST_F(AncestorTest, NobodyLeadsItsTasks) {
  for (const char* command : {"kill", "fsck"}) {
    EXPECT_EQ(run({command, "--root", old(), "sleep60-lost"}).status, 65) << command;
  }
  EXPECT_EQ(run({"resume", "--root", old(), "sleep60-lost"}).status, 3);
}

TEST_F(AncestorTest, ATornTailIsTold) {
  const std::string bytes = read_text(old() + "/checkpoints/sleep60/runner");
  const std::string torn = file("runner", bytes.substr(0, bytes.size() - 3));
  const Finished told = run({"read", torn});
  EXPECT_EQ(told.status, 0);
  EXPECT_NE(told.err.find("ends inside a record"), std::string::npos) << told.err;
}

TEST_F(AncestorTest, ImportTellsOfEachTask) {
  const Finished missing = run({"import", old(), "failure", "sleeep"});
  EXPECT_EQ(missing.status, 66) << missing.out << missing.err;
  EXPECT_NE(missing.err.find("no task matches 'sleeep'"), std::string::npos) << missing.err;
  EXPECT_EQ(missing.out, "") << "nothing was taken over";
  const Finished first = run({"import", old()});
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(first.out, "failure: SUCCESS\nsleep60: KILLED\nsleep60-lost: LOST, it was active\n");
  EXPECT_NE(run({"fsck"}).out.find("clean"), std::string::npos);
  EXPECT_EQ(status_of("sleep60-lost")["state"], "LOST");
  // When its time to end was over is on no record, so nobody says that it was.
  EXPECT_EQ(run({"why", "failure"}).out.find("its time to end"), std::string::npos);
  const Finished again = run({"import", old(), "sleep"});
  EXPECT_EQ(again.out, "sleep60: imported before\nsleep60-lost: imported before\n");
  EXPECT_EQ(run({"import", old(), "nosuch"}).status, 66);
  EXPECT_EQ(run({"import", old() + "/none"}).status, 66);
  EXPECT_EQ(run({"import"}).status, 64);
}

TEST_F(AncestorTest, ABadTaskIsToldAndTheOthersGoOn) {
  const std::string copy = scratch_ / "copy";
  std::filesystem::copy(kOld, copy, std::filesystem::copy_options::recursive);
  write_text(copy + "/tasks/finished/failure", "{");
  write_text(copy + "/checkpoints/README", "not a task\n");
  const Finished imported = run({"import", copy});
  EXPECT_EQ(imported.status, 1);
  EXPECT_EQ(imported.out, "sleep60: KILLED\nsleep60-lost: LOST, it was active\n");
  EXPECT_NE(imported.err.find("failure: not imported: "), std::string::npos) << imported.err;
  EXPECT_EQ(tree_of(root() + "/checkpoints").size(), 4U) << "two directories and two streams";
}

// ---- options ----

TEST_F(AncestorTest, OptionsOfRun) {
  Invocation words =
      thermos({"run", "-q", "--task_id", "t", "--hostname", "box", "--port", "http:81",
               "--environment", "word=hey", "--preserve_env", "--process_logger_destination",
               "none", file("t.json", R"({"env": {"BOTH": "mine"},
      "secret": {"TOKEN": {"cmd": "echo secret"}}, "processes": [
      {"name": "p", "cmdline": "echo {{thermos.ports[http]}} {{word}} $OUTSIDE $BOTH $TOKEN > out",
       "daemon": 0}]})")});
  words.environment["OUTSIDE"] = "from outside {{x}}";
  words.environment["BOTH"] = "theirs";
  words.environment["TOKEN"] = "theirs";
  const Finished done = run_program(words);
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(read_text(work() + "/out"), "81 hey from outside {{x}} mine secret\n");
  EXPECT_EQ(status_of("t")["header"]["hostname"], "box");
  EXPECT_FALSE(std::filesystem::exists(root() + "/logs/t/p/0/stdout"));
  const std::string plain = file("p.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  EXPECT_EQ(run({"run", "--process-logger-mode", "x", plain}).status, 64);
  EXPECT_EQ(run({"run", "--process-logger-destination", "x", plain}).status, 64);
  const std::string json = file("j.thermos", R"({"processes": [)");
  EXPECT_NE(run({"run", "--json", json}).err.find("JSON"), std::string::npos);
}

TEST_F(AncestorTest, SimplerunBindsReferences) {
  const Finished done = run({"simplerun", "-q", "--task-id", "s", "-P", "http:81", "-E", "word=hey",
                             "echo {{thermos.ports[http]}} {{word}} {{other}} '{{&word}}' > out"});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(read_text(work() + "/out"), "81 hey {{other}} {{&word}}\n");
}

TEST_F(AncestorTest, AProcesssOwnLoggerGoesFirst) {
  const Finished done = run_task("t", R"({"processes": [
      {"name": "own", "cmdline": "seq 1 1000", "logger": {"mode": "standard"}},
      {"name": "none", "cmdline": "seq 1 1000"}]})",
                                 {"--log-rotate", "1K:2"});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_FALSE(std::filesystem::exists(root() + "/logs/t/own/0/stdout.1"));
  EXPECT_TRUE(std::filesystem::exists(root() + "/logs/t/none/0/stdout.1"));
}

TEST_F(AncestorTest, VerbosityOfStatus) {
  ASSERT_EQ(run_task("t", R"({"processes": [{"name": "proc", "cmdline": "true"}]})").status, 0);
  EXPECT_EQ(run({"status", "--verbosity", "0"}).out.find("proc"), std::string::npos);
  EXPECT_NE(run({"status", "--verbosity", "1"}).out.find("proc"), std::string::npos);
  EXPECT_EQ(run({"status", "--verbosity", "4"}).status, 64);
}

TEST_F(AncestorTest, WrongBindings) {
  const std::string config = file("t.json", R"({"processes": [{"name": "p", "cmdline": "true"}]})");
  EXPECT_EQ(run({"run", "-P", "a:1:2", config}).status, 64);
  EXPECT_EQ(run({"run", "-E", "a..b=1", config}).status, 64);
  EXPECT_EQ(run({"run", "-E", "a.=1", config}).status, 64);
}

}  // namespace
}  // namespace thermos::testing
