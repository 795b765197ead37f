// `thermos inspect` of a task that runs or ran, and of its processes.
#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

using nlohmann::json;

constexpr std::string_view kNight = R"({"name": "night", "max_failures": 0, "processes": [
    {"name": "fetch", "cmdline": "echo a\nexit 3", "max_failures": 1, "timeout": 60},
    {"name": "tell", "argv": ["echo", "two words"]},
    {"name": "never", "cmdline": "echo never", "needs": {"fetch": "success"}}]})";

class Inspect : public ThermosTest {
 protected:
  void SetUp() override { EXPECT_EQ(run_task("night", kNight).status, 1); }
  void refuse(const Words& words, int status, const std::string& what) const {
    const Finished refused = run(words);
    EXPECT_EQ(refused.status, status) << words.back();
    EXPECT_EQ(refused.err, "thermos: " + what + "\n");
  }
};

TEST_F(Inspect, ShowsWhatEachProcessRuns) {
  const Finished all = run({"inspect", "night"});
  EXPECT_EQ(all.status, 0) << all.err;
  EXPECT_EQ(all.out, run({"inspect", "--task-id", "night"}).out);
  EXPECT_NE(all.out.find("  fetch: 1 run (1 FAILED), run 0 failed first\n"
                         "    [timeout 60 s]\n"
                         "      echo a\n"
                         "      exit 3\n"
                         "    run 0 FAILED after"),
            std::string::npos)
      << all.out;
  EXPECT_NE(all.out.find("  never: has not run\n"
                         "    [needs fetch (success)]\n"
                         "      echo never\n"),
            std::string::npos)
      << all.out;
  EXPECT_NE(all.out.find("\nprocesses (3)\n"), std::string::npos) << all.out;
  const json details = json::parse(run({"inspect", "night", "--json"}).out).at("process_details");
  EXPECT_EQ(details.at("fetch").at("cmdline"), "echo a\nexit 3");
  EXPECT_EQ(details.at("tell").at("argv"), json({"echo", "two words"}));
  EXPECT_EQ(details.at("never").at("runs"), 0);
}

TEST_F(Inspect, AProcessIsShownAlone) {
  const Finished one = run({"inspect", "night", "tell"});
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_TRUE(
      one.out.starts_with("task night: FAILED, nobody leads it\n"
                          "  tell: 1 run (1 SUCCESS)\n"
                          "      echo 'two words'\n"
                          "    run 0 SUCCESS"))
      << one.out;
  EXPECT_EQ(one.out.find("fetch"), std::string::npos) << one.out;
  EXPECT_EQ(run({"inspect", "night", "never"}).out,
            "task night: FAILED, nobody leads it\n"
            "  never: has not run\n"
            "    [needs fetch (success)]\n"
            "      echo never\n");
  const json both = json::parse(run({"inspect", "night", "tell", "never", "--json"}).out);
  EXPECT_EQ(both.at("process_details").size(), 2U);
  EXPECT_EQ(both.at("processes").size(), 1U);
  refuse({"inspect", "night", "fecth"}, 66, "night has no process 'fecth', did you mean 'fetch'?");
  refuse({"inspect", "night", "never", "--run", "0"}, 66,
         "no process of night has run 0 on record");
}

TEST_F(Inspect, AFileGoesBeforeATask) {
  const std::string config = file("night.json", kNight);
  EXPECT_TRUE(run({"inspect", config}).out.starts_with("task night\n"));
  refuse({"inspect", config, "fetch"}, 64,
         "inspect: takes one CONFIG; unexpected argument 'fetch'");
  refuse({"inspect", config, "--run", "0"}, 64,
         "inspect: --run, --since and --socket are for a TASK");
  refuse({"inspect", "nihgt"}, 66,
         "no such file, and no task matches 'nihgt' under " + root() + ", did you mean 'night'?");
  refuse({"inspect", "-P", "http:80", "night"}, 66, "night: No such file or directory");
  refuse({"inspect", "--task-id", "night", "--check"}, 64,
         "inspect: --task-id cannot be combined with the options that bind a CONFIG");
}

TEST_F(Inspect, StatusSaysWhereAProcessIsShown) {
  refuse({"status", "night", "fetch"}, 66,
         "no task matches 'fetch' under " + root() +
             "; night has a process of that name: `thermos inspect night fetch` shows it");
}

}  // namespace
}  // namespace thermos::testing
