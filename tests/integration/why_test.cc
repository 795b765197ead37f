// `thermos why` from outside: of tasks whose programs are all dead, by their files.
#include <algorithm>
#include <csignal>

#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

using nlohmann::json;

class Why : public ThermosTest {
 protected:
  json why(const Words& words) const {
    Words all = {"why", "--json"};
    all.insert(all.end(), words.begin(), words.end());
    const Finished done = run(all);
    EXPECT_EQ(done.status, 0) << done.err;
    return json::parse(done.out);
  }
  static std::string kinds(const json& answer) {
    std::string text;
    for (const json& cause : answer.at("causes")) {
      text += (text.empty() ? "" : " ") + cause.at("kind").get<std::string>();
      if (cause.contains("process")) text += ":" + cause.at("process").get<std::string>();
    }
    return text;
  }
};

// 500 processes in a chain of layers; one of the first fails, and says why on its stderr.
std::string five_hundred() {
  json processes = json::array();
  json orders = json::array();
  for (int i = 0; i < 500; ++i) {
    const std::string name = "p" + std::to_string(i);
    std::string command = i == 17 ? "echo to stdout; echo 'no such table: users' >&2; exit 3" : ":";
    processes.push_back({{"name", name}, {"cmdline", command}, {"min_duration", 0}});
    if (i >= 100) {
      const std::string before = "p" + std::to_string(i - 100);
      orders.push_back({{"order", {before, name}}});
    }
  }
  return json{{"name", "nightly"},
              {"processes", processes},
              {"constraints", orders},
              {"max_concurrency", 16}}
      .dump();
}

TEST_F(Why, AFailedTaskOf500FitsOneScreenAndLeadsWithWhatFailedFirst) {
  EXPECT_EQ(run_task("nightly", five_hundred()).status, 1);
  const Finished done = run({"why", "nightly"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_LE(std::count(done.out.begin(), done.out.end(), '\n'), 23) << done.out;
  EXPECT_TRUE(done.out.starts_with("the task is FAILED: p17 failed first, exit 3\n")) << done.out;
  EXPECT_NE(done.out.find("      no such table: users\n"), std::string::npos) << done.out;
  EXPECT_LT(done.out.find("no such table"), done.out.find("max_failures")) << done.out;
  EXPECT_NE(done.out.find("  -> correct p17"), std::string::npos) << done.out;

  const json task = why({"nightly"});
  EXPECT_EQ(task.at("task_id"), "nightly");
  EXPECT_EQ(task.at("state"), "FAILED");
  EXPECT_EQ(task.at("output").at("lines"), json({"no such table: users"}));
  EXPECT_EQ(kinds(task).substr(0, 15), "limit exit:p17 ") << kinds(task);
  // Behind the one that failed.
  EXPECT_EQ(kinds(why({"nightly", "p417"})), "never:p317 never:p217 never:p117 never:p17 exit:p17");
  const json first = why({"nightly", "p17"});
  EXPECT_EQ(kinds(first).substr(0, 8), "exit:p17");
  EXPECT_EQ(first.at("run"), 0);
  EXPECT_EQ(why({"nightly", "p17", "--run", "0"}).at("answer"), "p17, run 0 ended FAILED: exit 3");
}

TEST_F(Why, APastMomentIsAskedFor) {
  constexpr std::string_view kTwice = R"({"processes": [
      {"name": "a", "cmdline": "test -e made || { touch made; exit 7; }", "max_failures": 3,
       "min_duration": 0},
      {"name": "b", "cmdline": ":"}], "constraints": [{"order": ["a", "b"]}]})";
  ASSERT_EQ(run_task("t", kTwice).status, 0);
  const json status = status_of("t");
  const json& runs = status.at("processes").at("a");
  ASSERT_EQ(runs.size(), 2U);
  const auto then = [&](double time, const std::string& process) {
    return why({"--at", std::to_string(time), "t", process});
  };
  EXPECT_EQ(then(runs[0].at("start_time"), "a").at("state"), "RUNNING");
  EXPECT_EQ(then(runs[0].at("start_time"), "b").at("answer"), "b waits for the success of a");
  EXPECT_EQ(kinds(then(runs[1].at("start_time"), "a")), "runs:a again:a");
  EXPECT_EQ(kinds(then(runs[1].at("stop_time"), "a")), "success:a again:a");
  EXPECT_EQ(kinds(why({"t", "b"})), "success:b met:a");
  EXPECT_EQ(kinds(why({"t", "a", "--run", "0"})), "exit:a met:a");
  refuse({"why", "--at", "5", "t"}, 66, "t was not there at 1970-01-01");
}

TEST_F(Why, AnAbandonedTaskIsExplainedWithEveryProgramDead) {
  Program runner(thermos({"run", "--task-id", "t", file("t.json", R"({"processes": [
      {"name": "a", "cmdline": "echo begun; sleep 600"}, {"name": "b", "cmdline": ":"}],
      "constraints": [{"order": ["a", "b"]}]})")}));
  const auto runs = [this] {
    const Finished asked = run({"why", "--json", "t", "a"});
    return asked.status == 0 && json::parse(asked.out).at("state") == "RUNNING";
  };
  ASSERT_TRUE(real::wait_until(root() + "/checkpoints/t", runs));
  EXPECT_EQ(kinds(why({"t", "b"})), "need:a runs:a");
  runner.signal(SIGKILL);
  runner.wait();
  const json answer = why({"t", "b"});
  EXPECT_EQ(kinds(answer), "need:a runs:a leader");
  EXPECT_EQ(answer.at("advice"), "`thermos resume t` goes on with it");
  EXPECT_EQ(run({"kill", "--wait", "0", "t"}).status, 0);
  EXPECT_EQ(kinds(why({"t", "b"})), "kill overrun");
}

TEST_F(Why, SeveralRootsAreSearched) {
  ASSERT_EQ(run_task("here", R"({"processes": [{"name": "a", "cmdline": ":"}]})").status, 0);
  Words words = {"why", "--root", scratch_ / "other", "--root", root(), "--json", "here"};
  const Finished done = run(words);
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(json::parse(done.out).at("answer"),
            "the task is SUCCESS: all that it waits for is done");
}

TEST_F(Why, WhatCannotBeAskedIsRefused) {
  ASSERT_EQ(run_task("nightly", R"({"processes": [{"name": "fetch", "cmdline": ":"}]})").status, 0);
  refuse({"why"}, 64, "why: TASK is missing");
  refuse({"why", "a", "b", "c"}, 64, "unexpected argument 'c'");
  refuse({"why", "nigthly"}, 66, "did you mean 'nightly'?");
  refuse({"why", "nightly", "fecth"}, 66, "nightly has no process 'fecth', did you mean 'fetch'?");
  refuse({"why", "nightly", "--run", "0"}, 64, "--run is for a PROCESS");
  refuse({"why", "nightly", "fetch", "--run", "x"}, 64, "--run x: this is a whole number");
  refuse({"why", "nightly", "fetch", "--run", "5"}, 66, "fetch has no run 5: its last is run 0");
  refuse({"why", "nightly", "fetch", "--run", "5000000000"}, 64, "no run has such a number");
  refuse({"why", "nightly", "--at", "25:00"}, 64, "--at '25:00': there is no such time");
  refuse({"why", "nightly", "--at", "yesterday"}, 64, "this is no time; give 10:00 (today)");
  refuse({"why", "nightly", "--at", "2999-01-01"}, 64, "this time has not come yet");
  refuse({"why", "nightly", "--at", "-5x"}, 64, "this is no time");
  refuse({"why", "nightly", "--at", "-5d"}, 66, "nightly was not there at");
  refuse({"why", "nightly", "--at=-5d"}, 66, "nightly was not there at");
}

}  // namespace
}  // namespace thermos::testing
