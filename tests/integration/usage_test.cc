// What runs used, from the record of their end to what the commands print of it.
#include <string>

#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

using nlohmann::json;

constexpr std::int64_t kMebibyte = std::int64_t{1024} * 1024;

class UsageOfRuns : public ThermosTest {
 protected:
  // The first run takes 32 MiB, and the second works.
  static std::string config() {
    return R"({"name": "n", "processes": [{"name": "p", "max_failures": 3, "min_duration": 0,
      "cmdline": "if test -e again; then for ((i = 0; i < 100000; i++)); do :; done; else > again; x=$(head -c 32M /dev/zero | tr '\\0' x); exit 1; fi"},
      {"name": "q", "cmdline": "exit 3"}],
      "constraints": [{"order": ["p", "q"]}]})";
  }
  std::string text_of(const Words& words) const {
    const Finished printed = run(words);
    EXPECT_EQ(printed.status, 0) << printed.err;
    return printed.out;
  }
};

TEST_F(UsageOfRuns, IsInStatusAndWhereItsRunIsToldOf) {
  ASSERT_EQ(run_task("t", config()).status, 1);
  const json runs = status_of("t").at("processes").at("p");
  ASSERT_EQ(runs.size(), 2U);
  for (const json& run : runs) {
    EXPECT_GE(run.at("cpu_user"), 0);
    EXPECT_GE(run.at("cpu_system"), 0);
    EXPECT_GT(run.at("cpu_user").get<double>() + run.at("cpu_system").get<double>(), 0);
    const double took = run.at("stop_time").get<double>() - run.at("fork_time").get<double>();
    // A pipe of three, with nothing beside it.
    EXPECT_LE(run.at("cpu_user").get<double>(), 4 * took + 1);
  }
  EXPECT_GE(runs[0].at("peak_memory"), 32 * kMebibyte);
  EXPECT_LT(runs[0].at("peak_memory"), 1024 * kMebibyte);
  EXPECT_LT(runs[1].at("peak_memory"), 32 * kMebibyte);

  const std::string why = text_of({"why", "t", "p"});
  EXPECT_NE(why.find("; it used "), std::string::npos) << why;
  EXPECT_NE(why.find(" of CPU, "), std::string::npos) << why;
  const std::string inspected = text_of({"inspect", "t", "p"});
  EXPECT_NE(inspected.find("\n      used        "), std::string::npos) << inspected;
  EXPECT_NE(inspected.find(" MiB at most\n"), std::string::npos) << inspected;
  const json inspection = json::parse(text_of({"inspect", "t", "--json"}));
  const json& totals = inspection.at("process_details").at("p").at("totals");
  EXPECT_EQ(totals.at("peak_memory"), runs[0].at("peak_memory"));
  EXPECT_NEAR(totals.at("cpu_user").get<double>(),
              runs[0].at("cpu_user").get<double>() + runs[1].at("cpu_user").get<double>(), 1e-5);

  // The coordinator wrote it, and the runner has copied it.
  for (const char* stream : {"runner", "coordinator.p"}) {
    const std::string read = text_of({"read", root() + "/checkpoints/t/" + stream});
    const std::size_t end = read.find(" FAILED ");
    ASSERT_NE(end, std::string::npos) << read;
    const std::string line = read.substr(end, read.find('\n', end) - end);
    EXPECT_NE(line.find(" cpu_user="), std::string::npos) << line;
    EXPECT_NE(line.find(" peak_memory=" + runs[0].at("peak_memory").dump()), std::string::npos)
        << line;
  }
  const std::string metrics = text_of({"metrics"});
  EXPECT_NE(metrics.find("\nthermos_task_peak_memory_bytes{task=\"n\"} " +
                         runs[0].at("peak_memory").dump() + "\n"),
            std::string::npos)
      << metrics;
  EXPECT_EQ(run({"fsck", "t"}).status, 0);
}

TEST_F(UsageOfRuns, IsTakenOverWithASuccess) {
  ASSERT_EQ(run_task("t", config()).status, 1);
  const json before = status_of("t").at("processes").at("p").at(1);
  EXPECT_EQ(run({"rerun", "--task-id", "again", "t"}).status, 1);
  const json after = status_of("again").at("processes").at("p").at(0);
  ASSERT_EQ(after.at("taken_over_from"), "t");
  EXPECT_EQ(after.at("cpu_user"), before.at("cpu_user"));
  EXPECT_EQ(after.at("peak_memory"), before.at("peak_memory"));
}

// Where no coordinator saw the end, nobody knows.
TEST_F(UsageOfRuns, IsLeftOutWhereNobodyKnowsIt) {
  ASSERT_EQ(
      run_task("t",
               R"({"processes": [{"name": "p", "cwd": "../../../nowhere", "cmdline": "true"}]})")
          .status,
      1);
  const json run = status_of("t").at("processes").at("p").at(0);
  for (const char* key : {"cpu_user", "cpu_system", "peak_memory"}) EXPECT_FALSE(run.contains(key));
}

}  // namespace
}  // namespace thermos::testing
