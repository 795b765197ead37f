// `thermos plan` from outside.
#include <algorithm>
#include <filesystem>

#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

using nlohmann::json;

constexpr std::string_view kThree = R"({"name": "three", "processes": [
    {"name": "a", "cmdline": "sleep 0.2", "min_duration": 0},
    {"name": "b", "cmdline": "sleep 0.1", "min_duration": 0},
    {"name": "c", "cmdline": ":", "min_duration": 0}],
    "constraints": [{"order": ["a", "c"]}, {"order": ["b", "c"]}]})";

class PlanCommand : public ThermosTest {
 protected:
  json plan(const Words& words) const {
    Words all = {"plan", "--json"};
    all.insert(all.end(), words.begin(), words.end());
    const Finished done = run(all);
    EXPECT_EQ(done.status, 0) << done.err;
    return json::parse(done.out);
  }
};

TEST_F(PlanCommand, GivenTimesDecide) {
  const std::string config = file("t.json", kThree);
  const json made = plan({"--duration", "a=2", "--duration", "[bc]=1m", config});
  EXPECT_EQ(made.at("makespan"), (json{{"p50", 120.0}, {"p90", 120.0}}));
  EXPECT_EQ(made.at("critical_path"), (json{"b", "c"}));
  EXPECT_EQ(made.at("result"), "SUCCESS");
  EXPECT_EQ(made.at("processes").at("c"),
            (json{{"start", 60.0}, {"end", 120.0}, {"state", "SUCCESS"}}));
  const json alone = plan({"-j", "1", "--duration", "[abc]=1", config});
  EXPECT_EQ(alone.at("makespan").at("p50"), 3.0);
  const json failed = plan({"--fail", "b", "--duration", "[abc]=1", config});
  EXPECT_EQ(failed.at("result"), "FAILED");
  EXPECT_FALSE(failed.at("processes").contains("c"));
  EXPECT_FALSE(std::filesystem::exists(root()));
}

TEST_F(PlanCommand, WhatIsNotKnownIsSaid) {
  const std::string config = file("t.json", kThree);
  const json made = plan({"--duration", "a=2", config});
  EXPECT_EQ(made.at("makespan"), (json{{"at_least", 2.0}}));
  EXPECT_EQ(made.at("unknown"), (json{"b", "c"}));
  const Finished text = run({"plan", config});
  EXPECT_EQ(text.status, 0);
  EXPECT_NE(text.out.find("nobody knows how long a, b and c take"), std::string::npos) << text.out;
}

TEST_F(PlanCommand, EarlierTasksOfThatNameTellHowLong) {
  const std::string config = file("t.json", kThree);
  ASSERT_EQ(run_task("other-id", kThree).status, 0);
  const json made = plan({config});
  EXPECT_GE(made.at("makespan").at("p50"), 0.2);
  EXPECT_LE(made.at("makespan").at("p50"), made.at("makespan").at("p90"));
  EXPECT_EQ(made.at("critical_path"), (json{"a", "c"}));
  EXPECT_EQ(plan({"--history", "other", config}).at("makespan"), made.at("makespan"));
  EXPECT_FALSE(made.contains("unknown"));
  ASSERT_EQ(run_task("foreign", R"({"name": "foreign", "processes": [
      {"name": "a", "cmdline": ":"}]})")
                .status,
            0);
  EXPECT_EQ(plan({"--history", "foreign", config}).at("unknown"), (json{"b", "c"}));
}

TEST_F(PlanCommand, TheChartFitsItsScreen) {
  const std::string config = file("t.json", kThree);
  for (const std::string columns : {"40", "80", "200"}) {
    Invocation asked = thermos({"plan", "--duration", "[ab]=30", "--duration", "c=90", config});
    asked.environment["COLUMNS"] = columns;
    const Finished done = run_program(asked);
    EXPECT_EQ(done.status, 0) << done.err;
    std::size_t longest = 0;
    for (std::size_t at = 0; at < done.out.size();) {
      const std::size_t end = done.out.find('\n', at);
      longest = std::max(longest, end - at);
      at = end + 1;
    }
    EXPECT_EQ(longest, std::stoul(columns)) << done.out;
  }
  const Finished done = run({"plan", "--duration", "[ab]=30", "--duration", "c=90", config});
  EXPECT_EQ(done.out, R"(SUCCESS after 2m00s
critical path: b -> c

    0s                                                            2m00s
  a ================                                                       30.0s
  b ################                                                       30.0s
  c                 ###################################################    1m30s
)") << done.out;
}

TEST_F(PlanCommand, WhatCannotBePlannedIsRefused) {
  const std::string config = file("t.json", kThree);
  refuse({"plan"}, 64, "plan: CONFIG is missing");
  refuse({"plan", config, "more"}, 64, "unexpected argument 'more'");
  refuse({"plan", "none.json"}, 66, "none.json");
  refuse({"plan", "--duration", "a", config}, 64, "a duration is given as PROCESS=SECONDS");
  refuse({"plan", "--duration", "a=x", config}, 64, "a=");
  refuse({"plan", "--duration", "a=-1", config}, 64, "0 or more");
  refuse({"plan", "--duration", "fetch=1", config}, 64, "the task has no process 'fetch'");
  refuse({"plan", "--duration", "(=1", config}, 64, "is not a regular expression");
  refuse({"plan", "--fail", "d", config}, 64, "--fail: the task has no process 'd'");
  refuse({"plan", "--history", "nightly", config}, 66, "--history nightly: no task matches it");
  refuse({"plan", "-j", "x", config}, 64, "-j x");
  refuse({"plan", "-j", "5000000000", config}, 64, "too large");
  refuse({"plan", file("bad.json", R"({"processes": []})")}, 65, "processes");
}

}  // namespace
}  // namespace thermos::testing
