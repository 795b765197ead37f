// What `status`, `tail` and `inspect` show of the past.
#include <algorithm>
#include <string>

#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

using nlohmann::json;

// Its first run fails, and its second succeeds.
constexpr std::string_view kTwice = R"({"name": "twice", "processes": [
    {"name": "a", "cmdline": "echo run $THERMOS_RUN; test -e made || { touch made; exit 7; }",
     "max_failures": 3, "min_duration": 0},
    {"name": "b", "cmdline": "echo b"}], "constraints": [{"order": ["a", "b"]}]})";

class Past : public ThermosTest {
 protected:
  json at(double time, const Words& more = {}) const {
    Words words = {"status", "--json", "--at", std::to_string(time)};
    words.insert(words.end(), more.begin(), more.end());
    const Finished done = run(words);
    EXPECT_EQ(done.status, 0) << done.err;
    return json::parse(done.out).at("tasks");
  }
};

TEST_F(Past, StatusIsShownAsItWasThen) {
  ASSERT_EQ(run_task("t", kTwice).status, 0);
  const json now = status_of("t");
  const json runs = now.at("processes").at("a");
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_TRUE(at(now.at("header").at("launch_time_ms").get<double>() / 1000 - 5).empty());
  const json first = at(runs[0].at("start_time"), {"t"});
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].at("state"), "ACTIVE");
  EXPECT_EQ(first[0].at("processes").at("a").size(), 1U);
  EXPECT_EQ(first[0].at("processes").at("a")[0].at("state"), "RUNNING");
  EXPECT_FALSE(first[0].at("processes").contains("b"));
  EXPECT_EQ(first[0].at("not_started"), 1);
  EXPECT_EQ(at(runs[1].at("start_time"))[0].at("processes").at("a")[0].at("state"), "FAILED");
  EXPECT_TRUE(at(runs[0].at("start_time"), {"--only", "finished"}).empty());
  EXPECT_EQ(at(runs[0].at("start_time"), {"--only", "active"}).size(), 1U);
  const Finished text =
      run({"status", "--at", std::to_string(runs[0].at("start_time").get<double>())});
  EXPECT_NE(text.out.find("ACTIVE"), std::string::npos) << text.out;
  EXPECT_EQ(text.out.find("its runner has died"), std::string::npos) << text.out;
  refuse({"status", "--at", "5", "t"}, 66, "no task that matches 't' was there at 1970-01-01");
  refuse({"status", "--at", "25:00"}, 64, "there is no such time");
  refuse({"status", "--at", "-5m", "--watch"}, 64, "--at is of the past");
}

TEST_F(Past, TailShowsTheRunThatIsWanted) {
  ASSERT_EQ(run_task("t", kTwice).status, 0);
  const json runs = status_of("t").at("processes").at("a");
  EXPECT_EQ(run({"tail", "t", "a"}).out, "run 1\n");
  EXPECT_EQ(run({"tail", "t", "a", "--run", "0"}).out, "run 0\n");
  EXPECT_EQ(run({"tail", "t", "--run", "1"}).out, "a | run 1\n");
  EXPECT_EQ(run({"tail", "t", "a", "--since", "-1h"}).out, "run 0\nrun 1\n");
  const std::string second = std::to_string(runs[1].at("start_time").get<double>());
  EXPECT_EQ(run({"tail", "t", "--since", second}).out, "a | run 1\nb | b\n");
  EXPECT_EQ(run({"tail", "t", "a", "-f", "--since", "-1h"}).out, "run 0\nrun 1\n");
  refuse({"tail", "t", "a", "--run", "2"}, 66, "a has no run 2: its last is run 1");
  refuse({"tail", "t", "--run", "9"}, 66, "t has no run 9: its last is run 1");
  refuse({"tail", "t", "--run", "x"}, 64, "--run x");
  refuse({"tail", "t", "--run", "0", "-f"}, 64, "--follow goes from run to run");
  refuse({"tail", "t", "--run", "0", "--since", "-5m"}, 64, "and not both");
  refuse({"tail", "t", "--since", "2999-01-01"}, 64, "this time has not come yet");
}

TEST_F(Past, InspectShowsThePartThatIsWanted) {
  ASSERT_EQ(run_task("t", kTwice).status, 0);
  const json runs = status_of("t").at("processes").at("a");
  const auto part = [&](const Words& words) {
    Words all = {"inspect", "--task-id", "t", "--json"};
    all.insert(all.end(), words.begin(), words.end());
    return json::parse(run(all).out);
  };
  const json first = part({"--run", "0"});
  ASSERT_EQ(first.at("processes").at("a").size(), 1U);
  EXPECT_EQ(first.at("processes").at("a")[0].at("state"), "FAILED");
  EXPECT_EQ(first.at("processes").at("b").size(), 1U);
  const json second = part({"--since", std::to_string(runs[1].at("stop_time").get<double>())});
  ASSERT_EQ(second.at("processes").at("a").size(), 1U);
  EXPECT_EQ(second.at("processes").at("a")[0].at("state"), "SUCCESS");
  EXPECT_LT(second.at("statuses").size(), part({}).at("statuses").size());
  const std::string text = run({"inspect", "--task-id", "t", "--run", "1"}).out;
  EXPECT_EQ(text.find("run 0 FAILED"), std::string::npos) << text;
  EXPECT_NE(text.find("run 1 SUCCESS"), std::string::npos) << text;
  refuse({"inspect", "--task-id", "t", "--run", "9"}, 66, "no process of t has run 9 on record");
  refuse({"inspect", "--task-id", "t", "--since", "x"}, 64, "this is no time");
  refuse({"inspect", "--run", "0", file("t2.json", kTwice)}, 64, "are for a TASK");
  refuse({"inspect", "--task-id", "tt"}, 66, "did you mean 't'?");
}

}  // namespace
}  // namespace thermos::testing
