// fsck and inspect on the roots that real tasks leave, their runners and coordinators killed.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

class Checked : public ::testing::Test {
 protected:
  // thermos fsck --json MORE..., which must end with `code`.
  Json fsck(int code, const Words& more = {}) {
    Words words = {"fsck", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = site_.thermos(words);
    EXPECT_EQ(ended.code, code) << ended.out << ended.err;
    return Json::parse(ended.out, nullptr, false);
  }
  // The findings in which `what` stands, of the severity.
  static int count(const Json& report, const std::string& severity, const std::string& what) {
    int found = 0;
    for (const Json& finding : report.at("findings")) {
      const bool told = finding.at("what").get<std::string>().find(what) != std::string::npos;
      if (finding.at("severity") == severity && told) ++found;
    }
    return found;
  }
  void kill_dead(pid_t pid) {
    const Watched watched(pid);
    ASSERT_TRUE(watched.signal(SIGKILL));
    ASSERT_TRUE(watched.ends_within(60'000));
  }
  std::string stream(const std::string& file) const { return site_.checkpoint("t") + "/" + file; }

  Site site_;
};

TEST_F(Checked, ATaskKilledWithAllItsPeople) {
  const std::string config = site_.write_config(
      task({process("first", "true"), process("long", "sleep 1000")}, {{"first", "long"}}));
  Command runner = site_.start_run(config);
  const Json run = site_.run_in_state("long", "RUNNING");
  ASSERT_FALSE(run.is_null());
  Json report = fsck(0);
  EXPECT_TRUE(report["findings"].empty()) << "while all is well: " << report.dump(2);
  EXPECT_EQ(report["tasks"], 1);
  EXPECT_EQ(report["streams"], 3);
  EXPECT_GE(report["records"].get<int>(), 2 + 4 + 3 + 3 + 2);

  runner.destroy();
  report = fsck(1);
  EXPECT_EQ(count(report, "warning", "active, and nobody leads it"), 1) << report.dump(2);
  EXPECT_EQ(count(report, "warning",
                  "pid " + std::to_string(run["coordinator_pid"].get<int>()) +
                      ", lives, and nobody leads"),
            1)
      << report.dump(2);
  fsck(1, {"--repair"});
  EXPECT_TRUE(alive(run["pid"])) << "what runs goes on";

  kill_dead(run["coordinator_pid"]);
  kill_dead(run["pid"]);
  report = fsck(1);
  EXPECT_EQ(count(report, "note", "run 0 has no end on record"), 1) << report.dump(2);

  // A write that did not complete, and one that was never meant.
  const std::string whole = read_file(stream("coordinator.long"));
  std::ofstream(stream("coordinator.long"), std::ios::app) << whole.substr(24, 21);
  std::ofstream(stream("runner.compact")) << "half";
  report = fsck(1);
  EXPECT_EQ(count(report, "warning", "a torn tail: 21 bytes"), 1) << report.dump(2);
  report = fsck(1, {"--repair"});  // that nobody leads it remains
  int repaired = 0;
  for (const Json& finding : report["findings"]) {
    if (!finding["repaired"]) continue;
    ++repaired;
    EXPECT_FALSE(finding["did"].get<std::string>().empty());
  }
  EXPECT_EQ(repaired, 2 + (count(report, "note", "socket")));
  EXPECT_EQ(read_file(stream("coordinator.long")), whole);
  EXPECT_FALSE(exists(stream("runner.compact")));
  EXPECT_EQ(count(fsck(1), "warning", "torn"), 0);

  // One bit.
  std::string flipped = whole;
  flipped[40] = static_cast<char>(flipped[40] ^ 1);
  std::ofstream(stream("coordinator.long"), std::ios::trunc) << flipped;
  const Ended told = site_.thermos({"fsck"});
  EXPECT_EQ(told.code, 65);
  EXPECT_NE(told.out.find("error: t: " + stream("coordinator.long") + ": offset 24: "),
            std::string::npos)
      << told.out;
  fsck(65, {"--repair"});
  EXPECT_EQ(read_file(stream("coordinator.long")), flipped);
  std::ofstream(stream("coordinator.long"), std::ios::trunc) << whole;

  Command again = site_.start_run(config);
  ASSERT_TRUE(site_.leads(again));
  EXPECT_TRUE(wait_until(site_.checkpoint("t"),
                         [&] { return states(site_.status(), "long") == "LOST RUNNING"; }));
  EXPECT_TRUE(fsck(0)["findings"].empty());
  EXPECT_EQ(site_.thermos({"kill", "--wait", "0", "t"}).code, 0);
  EXPECT_EQ(again.wait().code, 2);
  EXPECT_TRUE(fsck(0)["findings"].empty()) << fsck(0).dump(2);
}

TEST_F(Checked, ATaskThatEndedAndWasNotMoved) {
  ASSERT_EQ(site_.run(task({process("p", "true")})).code, 0);
  EXPECT_TRUE(fsck(0)["findings"].empty());
  std::filesystem::rename(site_.root() + "/tasks/finished/t", site_.root() + "/tasks/active/t");
  EXPECT_EQ(count(fsck(1), "warning", "ended SUCCESS"), 1);
  const Ended repaired = site_.thermos({"fsck", "--repair"});
  EXPECT_EQ(repaired.code, 0) << repaired.out;
  EXPECT_NE(repaired.out.find("repaired: moved it"), std::string::npos) << repaired.out;
  EXPECT_TRUE(exists(site_.root() + "/tasks/finished/t"));
  EXPECT_NE(site_.thermos({"fsck"}).out.find("clean"), std::string::npos);
}

TEST_F(Checked, WhichTasksAndWhichRoot) {
  EXPECT_EQ(site_.thermos({"fsck"}).code, 66) << "no root yet";
  ASSERT_EQ(site_.run(task({process("p", "true")}), "one").code, 0);
  ASSERT_EQ(site_.run(task({process("p", "true")}), "other").code, 0);
  EXPECT_EQ(fsck(0)["tasks"], 2);
  EXPECT_EQ(fsck(0, {"on.*"})["tasks"], 1);
  EXPECT_EQ(fsck(0, {"o"})["tasks"], 2);
  EXPECT_EQ(site_.thermos({"fsck", "none"}).code, 66);
  EXPECT_EQ(site_.thermos({"fsck", "["}).code, 64);
  EXPECT_EQ(site_.thermos({"fsck", "--what"}).code, 64);
}

// ---- inspect --task-id -------------------------------------------------------------------------

class Inspected : public Checked {
 protected:
  void answer(const std::string& code) const {
    std::ofstream(site_.in_sandbox("ask")) << code << std::endl;  // opened when it is read
  }
  Json inspect() {
    const Ended ended = site_.thermos({"inspect", "--task-id", "t", "--json"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    return Json::parse(ended.out, nullptr, false);
  }
};

TEST_F(Inspected, EveryRunnerAndRunOfATask) {
  ASSERT_EQ(::mkfifo(site_.in_sandbox("ask").c_str(), 0666), 0);
  const std::string config = site_.write_config(task({process(
      "p", "read -r code < ask; exit $code", {{"max_failures", 3}, {"min_duration", 0}})}));
  Command first = site_.start_run(config);
  const Json failing = site_.run_in_state("p", "RUNNING");
  ASSERT_FALSE(failing.is_null());
  Json seen = inspect();
  EXPECT_EQ(seen["shelf"], "active");
  EXPECT_EQ(seen["led"], true);
  EXPECT_EQ(seen["leader_pid"], first.pid());
  EXPECT_EQ(seen["process_details"]["p"]["lock_held"], true);
  ASSERT_EQ(seen["runners"].size(), 1U);
  EXPECT_EQ(seen["runners"][0]["pid"], first.pid());
  EXPECT_EQ(seen["runners"][0]["uid"], ::getuid());

  // It fails while nobody leads.
  const pid_t runner_pid = first.pid();
  first.destroy();
  const Watched coordinator(failing["coordinator_pid"].get<pid_t>());
  answer("5");
  ASSERT_TRUE(coordinator.ends_within(60'000));
  seen = inspect();
  EXPECT_EQ(seen["led"], false);
  EXPECT_FALSE(seen.contains("leader_pid"));
  EXPECT_EQ(seen["process_details"]["p"]["lock_held"], false);

  Command second = site_.start_run(config);
  ASSERT_TRUE(site_.leads(second));
  ASSERT_TRUE(wait_until(site_.checkpoint("t"),
                         [&] { return states(site_.status(), "p") == "FAILED RUNNING"; }));
  const Json status = site_.status();
  EXPECT_EQ(status["processes"]["p"][0]["origin"], "found at resume");
  const std::string table = site_.thermos({"status", "t"}).out;
  EXPECT_NE(table.find("    2 RUNNING"), std::string::npos) << table;
  answer("0");
  EXPECT_EQ(second.wait().code, 0);

  seen = inspect();
  const Json ended = site_.status();
  for (const auto& [key, value] : ended.items()) EXPECT_EQ(seen[key], value) << key;
  EXPECT_EQ(seen["shelf"], "finished");
  ASSERT_EQ(seen["runners"].size(), 2U);
  EXPECT_EQ(seen["runners"][0]["pid"], runner_pid);
  EXPECT_EQ(seen["runners"][0]["boot"], seen["runners"][1]["boot"]);
  EXPECT_LE(seen["runners"][0]["last_ms"], seen["runners"][1]["from_ms"]);
  const Json& details = seen["process_details"]["p"];
  EXPECT_EQ(details["runs"], 2);
  EXPECT_EQ(details["kept_runs"], 2);
  EXPECT_EQ(details["first_failed"], 0);
  for (const auto& [state, count] : {std::pair("success", 1), std::pair("failed", 1),
                                     std::pair("killed", 0), std::pair("lost", 0)}) {
    EXPECT_EQ(details["totals"][state], count) << state;
  }
  EXPECT_GT(details["totals"]["peak_memory"], 0);

  const std::string text = site_.thermos({"inspect", "--task-id", "t"}).out;
  for (const std::string& part :
       {std::string("task t: SUCCESS, nobody leads it"), "pid " + std::to_string(runner_pid),
        std::string("runners (2)"), std::string("run 0 FAILED"), std::string("exit 5"),
        std::string("[found at resume]"), std::string("run 1 SUCCESS"),
        std::to_string(failing["coordinator_pid"].get<int>()),
        std::to_string(failing["pid"].get<int>()),
        std::string("p: 2 runs (1 SUCCESS, 1 FAILED), run 0 failed first")}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST_F(Inspected, WhatExcludesWhat) {
  const std::string config = site_.write_config(task({process("p", "true")}));
  EXPECT_EQ(site_.thermos({"inspect", "--task-id", "t"}).code, 66);
  ASSERT_EQ(site_.run(task({process("p", "true")})).code, 0);
  EXPECT_EQ(site_.thermos({"inspect", "--task-id", "t"}).code, 0);
  // Behind a task stand processes.
  const Ended none = site_.thermos({"inspect", "--task-id", "t", config});
  EXPECT_EQ(none.code, 66);
  EXPECT_NE(none.err.find(config), std::string::npos) << none.err;
  EXPECT_EQ(site_.thermos({"inspect", "--task-id", "t", "-P", "a:1"}).code, 64);
  EXPECT_EQ(site_.thermos({"inspect", "--task-id", "../t"}).code, 66);
  EXPECT_EQ(site_.thermos({"inspect", config}).code, 0);
}

// ---- kept output -------------------------------------------------------------------------------

TEST_F(Checked, OutputOfTheLastRunsIsKeptAndOfTheFirstThatFailed) {
  const Json failing =
      task({process("p", "echo $(( $(cat n 2> /dev/null) + 1 )) > n; cat n; exit 1",
                    {{"max_failures", 6}, {"min_duration", 0}})});
  EXPECT_EQ(site_.run(failing, "t", {"--keep-logs", "2"}).code, 1);
  ASSERT_EQ(runs(site_.status(), "p").size(), 6U);
  const std::string logs = site_.sandbox() + "/.logs/p/";
  for (int run = 0; run < 6; ++run) {
    EXPECT_EQ(exists(logs + std::to_string(run)), run == 0 || run >= 4) << run;
  }
  EXPECT_EQ(site_.log("p", 0), "1\n");
  EXPECT_EQ(site_.log("p", 5), "6\n");
  EXPECT_EQ(site_.status()["header"]["keep_logs"], 2);

  std::filesystem::remove_all(site_.sandbox() + "/.logs");
  EXPECT_EQ(site_.run(failing, "all", {"--keep-logs", "0"}).code, 1);
  for (int run = 0; run < 6; ++run) EXPECT_TRUE(exists(logs + std::to_string(run))) << run;
}

TEST_F(Checked, HowManyMustBeANumber) {
  const std::string config = site_.write_config(task({process("p", "true")}));
  for (const char* bad : {"-1", "x", "1.5", "", "4294967296", "99999999999999999999"}) {
    const Ended ended = site_.thermos(
        {"run", "--keep-logs=" + std::string(bad), "--sandbox", site_.sandbox(), config});
    EXPECT_EQ(ended.code, 64) << bad << ended.err;
    EXPECT_FALSE(exists(site_.root())) << bad;
  }
}

}  // namespace
}  // namespace thermos::real
