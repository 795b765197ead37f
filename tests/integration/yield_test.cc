// `thermos run` gives its machine back, and `thermos resume` goes on: by the signals of an engine,
// for lack of time, and under another boot id.
#include <csignal>
#include <fstream>

#include "boot_id.h"
#include "task_run.h"
#include "waiting.h"

namespace thermos::real {
namespace {

// Says that it is up, and saves what it has when it is asked to end.
std::string saver(const std::string& signal, const std::string& end) {
  return "trap 'echo $THERMOS_RUN >> saved; " + end + "' " + signal +
         "; touch up.$THERMOS_RUN; while [ ! -e enough ]; do sleep 0.05; done";
}

TEST(Yield, ATaskOutlivesTheSignalThatItsEngineSends) {
  for (const int signal : {SIGTERM, SIGUSR1}) {
    Site site;
    Command runner = site.start_run(
        site.write_config(task({process("done", "true"),
                                process("saves", saver("TERM", "exit 0"), {{"needs", {"done"}}}),
                                process("fails", saver("TERM", "exit 3"), {{"needs", {"done"}}}),
                                process("fin", "touch finalized", {{"final", true}})})),
        "t", {"--on-term", "yield", "-v"});
    ASSERT_TRUE(site.run_in_state("saves", "RUNNING").is_object());
    ASSERT_TRUE(wait_for_file(site.in_sandbox("up.0")));
    ASSERT_TRUE(site.run_in_state("fails", "RUNNING").is_object());
    runner.signal(signal);
    const Ended yielded = runner.wait();
    EXPECT_EQ(yielded.code, 75) << yielded.out << yielded.err;
    EXPECT_NE(yielded.out.find("`thermos resume t` goes on with it"), std::string::npos);
    Json status = site.status();
    EXPECT_EQ(status["state"], "ACTIVE");
    EXPECT_EQ(status["leadership"]["yields"], true);
    EXPECT_EQ(states(status, "saves"), "SUCCESS");
    EXPECT_EQ(states(status, "fails"), "KILLED");
    EXPECT_FALSE(exists(site.in_sandbox("finalized")));
    const Ended shown = site.thermos({"status", "t"});
    EXPECT_NE(shown.out.find("gave its machine back"), std::string::npos) << shown.out;

    std::ofstream(site.in_sandbox("enough")) << "x";
    const Ended resumed = site.thermos({"resume", "t"});
    EXPECT_EQ(resumed.code, 0) << resumed.out << resumed.err;
    status = site.status();
    EXPECT_EQ(states(status, "saves"), "SUCCESS") << "it does not run again";
    EXPECT_EQ(states(status, "fails"), "KILLED SUCCESS");
    EXPECT_TRUE(exists(site.in_sandbox("finalized")));
  }
}

// Slurm signals the whole tree, and a job's script passes on what it hears.
TEST(Yield, TheFirstSignalCountsAndCtrlCKillsAtOnce) {
  Site site;
  Command runner =
      site.start_run(site.write_config(task({process("deaf",
                                                     "trap 'touch heard' TERM; touch up;"
                                                     " while :; do sleep 0.05; done")})),
                     "t", {"--on-term", "yield", "--grace", "1000000"});
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  runner.signal(SIGTERM);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("heard")));
  runner.signal(SIGTERM);
  runner.signal(SIGUSR1);
  EXPECT_EQ(site.status()["processes"]["deaf"].back()["state"], "RUNNING");
  runner.signal(SIGINT);
  EXPECT_EQ(runner.wait().code, 75);
  EXPECT_EQ(states(site.status(), "deaf"), "KILLED");
}

TEST(Yield, AProcessMayHaveItsOwnSignalAndTime) {
  Site site;
  Command runner = site.start_run(
      site.write_config(
          task({process("saves", saver("USR2", "exit 0"), {{"on_yield", {{"signal", "USR2"}}}}),
                process("deaf", "trap '' TERM; touch deaf; while :; do sleep 0.05; done",
                        {{"on_yield", {{"wait", 0.1}}}})})),
      "t", {"--grace", "1000000"});
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up.0")));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("deaf")));
  runner.signal(SIGUSR1);
  EXPECT_EQ(runner.wait().code, 75);
  EXPECT_EQ(states(site.status(), "saves"), "SUCCESS");
  EXPECT_EQ(read_file(site.in_sandbox("saved")), "0\n");
  EXPECT_EQ(runs(site.status(), "deaf").back()["return_code"], -9);
}

// Slurm and Grid Engine say by the environment that this is their job.
TEST(Yield, InAJobItIsWhatTermDoes) {
  const struct {
    std::map<std::string, std::string> environment;
    int status;
    std::string job;
  } engines[] = {{{{"SLURM_JOB_ID", "17"}, {"SLURM_RESTART_COUNT", "2"}}, 75, "17"},
                 {{{"JOB_ID", "18"}, {"SGE_ROOT", "/x"}, {"SGE_TASK_ID", "undefined"}}, 99, "18"}};
  for (const auto& engine : engines) {
    Site site;
    for (const auto& [name, value] : engine.environment) site.set_environment(name, value);
    Command runner =
        site.start_run(site.write_config(task({process("p", "touch up; sleep 1000")})));
    ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
    runner.signal(SIGTERM);
    EXPECT_EQ(runner.wait().code, engine.status);
    EXPECT_EQ(site.status()["leadership"]["job"], engine.job);
  }
}

TEST(Yield, TheExitStatusMayBeGiven) {
  Site site;
  Command runner = site.start_run(site.write_config(task({process("p", "touch up; sleep 1000")})),
                                  "t", {"--on-term", "yield", "--yield-status", "42"});
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  runner.signal(SIGTERM);
  EXPECT_EQ(runner.wait().code, 42);
}

TEST(Yield, NothingStartsThatTheAllocationIsTooShortFor) {
  Site site;
  const std::string config = site.write_config(
      task({process("short", "true", {{"time", "1s"}}), process("long", "true", {{"time", "2h"}}),
            process("behind", "true", {{"needs", {"long"}}})}));
  const Ended first = site.start_run(config, "t", {"--until", "+3600"}).wait();
  EXPECT_EQ(first.code, 75) << first.err;
  EXPECT_EQ(states(site.status(), "short"), "SUCCESS");
  EXPECT_EQ(states(site.status(), "long"), "");
  EXPECT_EQ(site.status()["leadership"]["decision"],
            "what is left to run takes longer than the allocation lasts");
  const Ended second = site.thermos({"resume", "t", "--until", "+3h"});
  EXPECT_EQ(second.code, 0) << second.err;
}

// As in a container, or on another node: another boot id, and the coordinator lives on.
TEST(Yield, WhoRunsUnderAnotherBootIdIsWaitedFor) {
  if (auto can = can_pretend_boots(); !can) GTEST_SKIP() << can.message();
  Site site;
  site.set_boot('1');
  Command runner =
      site.start_run(site.write_config(task({process("p",
                                                     "echo run >> ledger; touch up;"
                                                     " while [ ! -e enough ]; do sleep 0.05; done"),
                                             process("q", "true", {{"needs", {"p"}}})})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  ASSERT_TRUE(site.run_in_state("p", "RUNNING").is_object());
  runner.signal(SIGKILL);
  runner.wait();
  site.set_boot('2');
  Command second = site.start({"resume", "t"});
  ASSERT_TRUE(site.leads(second));
  std::ofstream(site.in_sandbox("enough")) << "x";
  EXPECT_EQ(second.wait().code, 0);
  EXPECT_EQ(states(site.status(), "p"), "SUCCESS");
  EXPECT_EQ(read_file(site.in_sandbox("ledger")), "run\n") << "its work is not repeated";
}

TEST(Yield, WrongWordsAreRefused) {
  Site site;
  const std::string config = site.write_config(task({process("p", "true")}));
  for (const Words& words : std::initializer_list<Words>{{"--on-term", "yeld"},
                                                         {"--grace", "long"},
                                                         {"--yield-status", "256"},
                                                         {"--until", "tomorrow"}}) {
    const Ended ended = site.start_run(config, "t", words).wait();
    EXPECT_EQ(ended.code, 64);
    EXPECT_NE(ended.err.find(words[0]), std::string::npos) << ended.err;
    EXPECT_FALSE(exists(site.root()));
  }
}

}  // namespace
}  // namespace thermos::real
