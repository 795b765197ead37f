// The runner's stream lost its tail, or is another's: what the coordinators recorded still counts.
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "boot_id.h"
#include "stream_cut.h"
#include "task_run.h"

namespace thermos::real {
namespace {

// a, b and c one after the other; a fails at first, c waits for a file "go". Those that wait come
// first in the configuration.
Json chain() {
  const Json at_once = {{"min_duration", 0}};
  return task({process("c", "echo c >> ledger; echo $$ > up; until [ -e go ]; do sleep 0.02; done",
                       at_once),
               process("b", "echo b >> ledger", at_once),
               process("a", "echo a >> ledger; [ -e failed ] || { touch failed; exit 1; }",
                       {{"min_duration", 0}, {"max_failures", 2}})},
              {{"a", "b", "c"}});
}
const std::map<std::string, int> kLedger = {{"a", 2}, {"b", 1}, {"c", 1}};

// Leaves the chain without a runner, c running.
std::string start_chain(Site& site) {
  const std::string config = site.write_config(chain());
  Command first = site.start_run(config);
  EXPECT_TRUE(wait_for_file(site.in_sandbox("up")));
  EXPECT_FALSE(site.run_in_state("c", "RUNNING").is_null());
  first.destroy();
  return config;
}

void expect_as_it_ran(Site& site) {
  EXPECT_EQ(count_lines(site.in_sandbox("ledger")), kLedger);
  const Json status = site.status();
  EXPECT_EQ(states(status, "a"), "FAILED SUCCESS");
  EXPECT_EQ(states(status, "b"), "SUCCESS");
  EXPECT_EQ(states(status, "c"), "SUCCESS");
  const Ended checked = site.thermos({"fsck"});
  EXPECT_EQ(checked.code, 0) << checked.out;
}

class LostTail : public ::testing::TestWithParam<bool> {};

TEST_P(LostTail, WhatHasRunDoesNotRunAgain) {
  Site site;
  if (auto can = can_pretend_boots(); !can) GTEST_SKIP() << can.message();
  site.set_boot('1');
  const std::string config = start_chain(site);
  write_file(site.in_sandbox("go"), "");
  EXPECT_TRUE(nothing_outlives());
  if (GetParam()) site.set_boot('2');
  const std::string kept = site.path() + "/kept";
  std::filesystem::remove(site.checkpoint("t") + "/leader");  // a socket is not to be copied
  std::filesystem::copy(site.root(), kept, std::filesystem::copy_options::recursive);
  const int all = static_cast<int>(ends_of_records(kept + "/checkpoints/t/runner").size());
  ASSERT_GT(all, 10);
  for (int records = 0; records <= all; ++records) {
    SCOPED_TRACE(std::to_string(records) + " of " + std::to_string(all) + " records are left");
    std::filesystem::remove_all(site.root());
    std::filesystem::copy(kept, site.root(), std::filesystem::copy_options::recursive);
    cut_off(site.checkpoint("t") + "/runner", records);
    EXPECT_EQ(site.thermos({"fsck"}).code, 1) << "nobody leads it, and nothing is corrupt";
    const Ended ended = site.start_run(config).wait();
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    expect_as_it_ran(site);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Rebooted, LostTail, ::testing::Bool());

// Where few are left of many, the runner looks for the streams of those few.
TEST(LostTailOfALongTask, WhatHasRunDoesNotRunAgain) {
  Site site;
  Json config = chain();
  std::map<std::string, int> ledger = kLedger;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "e" + std::to_string(i);
    config["processes"].push_back(process(name, "echo " + name + " >> ledger"));
    config["constraints"].push_back({{"order", {name, "a"}}});
    ledger[name] = 1;
  }
  const std::string path = site.write_config(config);
  Command first = site.start_run(path);
  EXPECT_TRUE(wait_for_file(site.in_sandbox("up")));
  EXPECT_FALSE(site.run_in_state("c", "RUNNING").is_null());
  first.destroy();
  const pid_t process = pid_in(site.in_sandbox("up"));
  // Of a, b and c there is no record left.
  const std::string stream = site.checkpoint("t") + "/runner";
  const int all = static_cast<int>(ends_of_records(stream).size());
  cut_off(stream, all - 15);
  Command second = site.start_run(path);
  ASSERT_FALSE(site.run_in_state("c", "RUNNING").is_null());
  EXPECT_TRUE(alive(process));
  write_file(site.in_sandbox("go"), "");
  const Ended ended = second.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(count_lines(site.in_sandbox("ledger")), ledger);
}

// A name without contents, or with zeros, is what a loss of power leaves of a file that was not
// synced.
class LostContents : public ::testing::TestWithParam<std::size_t> {
 protected:
  static void lose(const std::string& path) { write_file(path, std::string(GetParam(), '\0')); }
};

TEST_P(LostContents, TheConfigurationThatIsGivenTakesTheirPlace) {
  Site site;
  const std::string config = start_chain(site);
  const pid_t process = pid_in(site.in_sandbox("up"));
  lose(site.root() + "/tasks/active/t");
  for (const char* command : {"resume", "kill"}) {
    const Ended refused = site.thermos({command, "t"});
    EXPECT_EQ(refused.code, 65) << command << refused.out << refused.err;
    EXPECT_NE(refused.err.find("tasks/active/t has no contents"), std::string::npos) << refused.err;
  }
  EXPECT_EQ(site.thermos({"fsck"}).code, 65);
  EXPECT_TRUE(alive(process));
  write_file(site.in_sandbox("go"), "");
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_NE(ended.err.find("tasks/active/t has no contents"), std::string::npos) << ended.err;
  expect_as_it_ran(site);
}

TEST_P(LostContents, OfAllThatWasWrittenTheTaskBeginsAnew) {
  Site site;
  const std::string config = start_chain(site);
  write_file(site.in_sandbox("go"), "");
  EXPECT_TRUE(nothing_outlives());
  lose(site.root() + "/tasks/active/t");
  for (const char* stream : {"runner", "coordinator.a", "coordinator.b", "coordinator.c"}) {
    lose(site.checkpoint("t") + "/" + stream);
  }
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(count_lines(site.in_sandbox("ledger")),
            (std::map<std::string, int>{{"a", 3}, {"b", 2}, {"c", 2}}));
  EXPECT_EQ(states(site.status(), "a"), "SUCCESS");
}

INSTANTIATE_TEST_SUITE_P(Bytes, LostContents, ::testing::Values(0, 600));

// A runner's stream holds records of every process, and would do for any coordinator's.
TEST(AnothersStream, ARunnersUnderAProcesssNameIsRefused) {
  Site site;
  const std::string config = start_chain(site);
  const pid_t process = pid_in(site.in_sandbox("up"));
  const std::string stream = site.checkpoint("t") + "/coordinator.c";
  std::filesystem::rename(stream, site.path() + "/kept");
  std::filesystem::copy(site.checkpoint("t") + "/runner", stream);
  const Ended refused = site.start_run(config).wait();
  EXPECT_EQ(refused.code, 65) << refused.out << refused.err;
  EXPECT_NE(refused.err.find(stream + ": offset 24: this is no coordinator's stream"),
            std::string::npos)
      << refused.err;
  EXPECT_TRUE(alive(process));
  EXPECT_EQ(count_lines(site.in_sandbox("ledger")).at("c"), 1);
  const Ended checked = site.thermos({"fsck"});
  EXPECT_EQ(checked.code, 65) << checked.out << checked.err;
  std::filesystem::rename(site.path() + "/kept", stream);
  write_file(site.in_sandbox("go"), "");
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  expect_as_it_ran(site);
}

TEST(AnothersStream, ACoordinatorsUnderTheRunnersNameIsRefused) {
  Site site;
  const std::string config = start_chain(site);
  const std::string stream = site.checkpoint("t") + "/runner";
  std::filesystem::rename(stream, site.path() + "/kept");
  std::filesystem::copy(site.checkpoint("t") + "/coordinator.a", stream);
  const Ended refused = site.start_run(config).wait();
  EXPECT_EQ(refused.code, 65) << refused.out << refused.err;
  EXPECT_NE(refused.err.find(stream + ": offset 24: this is no runner's stream"), std::string::npos)
      << refused.err;
  std::filesystem::rename(site.path() + "/kept", stream);
  write_file(site.in_sandbox("go"), "");
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  expect_as_it_ran(site);
}

class LostTailOfALivingTask : public ::testing::TestWithParam<int> {};

TEST_P(LostTailOfALivingTask, WhatRunsIsTakenOver) {
  Site site;
  const std::string config = start_chain(site);
  const pid_t process = pid_in(site.in_sandbox("up"));
  cut_off(site.checkpoint("t") + "/runner", GetParam());
  Command second = site.start_run(config);
  ASSERT_FALSE(site.run_in_state("c", "RUNNING").is_null());
  EXPECT_TRUE(alive(process));
  write_file(site.in_sandbox("go"), "");
  const Ended ended = second.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  expect_as_it_ran(site);
}

TEST_P(LostTailOfALivingTask, WhoseCoordinatorVanishesIsLost) {
  Site site;
  const std::string config = start_chain(site);
  const pid_t process = pid_in(site.in_sandbox("up"));
  const pid_t coordinator = runs(site.status(), "c").back()["coordinator_pid"];
  cut_off(site.checkpoint("t") + "/runner", GetParam());
  Command second = site.start_run(config);
  ASSERT_FALSE(site.run_in_state("c", "RUNNING").is_null());
  EXPECT_TRUE(Watched(coordinator).signal(SIGKILL));
  write_file(site.in_sandbox("go"), "");
  const Ended ended = second.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_FALSE(alive(process));
  EXPECT_EQ(states(site.status(), "c"), "LOST SUCCESS");
}

TEST_P(LostTailOfALivingTask, AKillEndsWhatRuns) {
  Site site;
  start_chain(site);
  const pid_t process = pid_in(site.in_sandbox("up"));
  cut_off(site.checkpoint("t") + "/runner", GetParam());
  const Ended killed = site.thermos({"kill", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_FALSE(alive(process));
  EXPECT_EQ(states(site.status(), "c"), "KILLED");
}

// The header; the header and ACTIVE; behind the first run of a; in the midst of the second.
INSTANTIATE_TEST_SUITE_P(Records, LostTailOfALivingTask, ::testing::Values(1, 2, 4, 6, 8));

// ---- another task's ----------------------------------------------------------------------------

// "one" has ended; "two" and "three" are as kill -9 of runner and coordinator leaves them.
std::string three_tasks(Site& site) {
  const std::string config =
      site.write_config(task({process("b", "[ -e go ] || { echo $$ > up; exec sleep 1000; }"),
                              process("c", "echo c >> ledger")},
                             {{"b", "c"}}));
  for (const char* id : {"two", "three"}) {
    Command runner = site.start_run(config, id);
    const pid_t process = pid_in(site.in_sandbox("up"));
    const Json run = site.run_in_state("b", "RUNNING", id);
    EXPECT_FALSE(run.is_null());
    runner.destroy();
    EXPECT_TRUE(Watched(run["coordinator_pid"].get<pid_t>()).signal(SIGKILL));
    EXPECT_TRUE(ends(run["coordinator_pid"].get<pid_t>()));
    EXPECT_TRUE(Watched(process).signal(SIGKILL));
    std::filesystem::remove(site.in_sandbox("up"));
  }
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(site.start_run(config, "one").wait().code, 0);
  std::filesystem::remove(site.in_sandbox("ledger"));
  return config;
}

TEST(AnothersStream, OfACoordinatorIsRefused) {
  Site site;
  const std::string config = three_tasks(site);
  const std::string foreign = site.checkpoint("two") + "/coordinator.b";
  std::filesystem::copy_file(site.checkpoint("one") + "/coordinator.b", foreign,
                             std::filesystem::copy_options::overwrite_existing);
  const std::string bytes = read_file(foreign);
  const Ended refused = site.start_run(config, "two").wait();
  EXPECT_EQ(refused.code, 65) << refused.out << refused.err;
  EXPECT_NE(refused.err.find(foreign + ": offset 24: "), std::string::npos) << refused.err;
  EXPECT_EQ(refused.err.find("new start"), std::string::npos) << refused.err;
  EXPECT_EQ(read_file(foreign), bytes);
  EXPECT_FALSE(exists(site.in_sandbox("ledger")));
  std::filesystem::remove_all(site.checkpoint("two"));
}

TEST(AnothersStream, OfARunnerIsRefused) {
  Site site;
  const std::string config = three_tasks(site);
  const std::string two = site.checkpoint("two") + "/runner";
  const std::string three = site.checkpoint("three") + "/runner";
  std::filesystem::rename(two, site.path() + "/aside");
  std::filesystem::rename(three, two);
  std::filesystem::rename(site.path() + "/aside", three);
  const std::string bytes = read_file(two);
  const Ended refused = site.start_run(config, "two").wait();
  EXPECT_EQ(refused.code, 65) << refused.out << refused.err;
  EXPECT_NE(refused.err.find(two + ": "), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("task three"), std::string::npos) << refused.err;
  EXPECT_EQ(site.thermos({"kill", "three"}).code, 65);
  EXPECT_EQ(read_file(two), bytes);
  EXPECT_FALSE(exists(site.in_sandbox("ledger")));
  std::filesystem::rename(two, site.path() + "/aside");
  std::filesystem::rename(three, two);
  std::filesystem::rename(site.path() + "/aside", three);
}

// ---- no stream, no file ------------------------------------------------------------------------

class NoFile : public ::testing::TestWithParam<const char*> {};

TEST_P(NoFile, HangsNobody) {
  Site site;
  const std::string config = start_chain(site);
  const std::string path = site.root() + GetParam();
  const std::string aside = site.path() + "/aside";
  std::filesystem::rename(path, aside);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Ended run = site.start_run(config).wait();
  EXPECT_TRUE(run.code == 65 || run.code == 71) << run.code << run.err;
  EXPECT_NE(run.err.find(path), std::string::npos) << run.err;
  const Ended kill = site.thermos({"kill", "t"});
  EXPECT_TRUE(kill.code == 65 || kill.code == 71) << kill.code << kill.err;
  EXPECT_NE(kill.err.find(path), std::string::npos) << kill.err;
  site.thermos({"tail", "t"});
  site.thermos({"status"});
  site.thermos({"inspect", "--task-id", "t"});
  EXPECT_EQ(site.thermos({"fsck"}).code, 1);
  std::filesystem::rename(aside, path);
}

INSTANTIATE_TEST_SUITE_P(Paths, NoFile,
                         ::testing::Values("/tasks/active/t", "/checkpoints/t/runner",
                                           "/checkpoints/t/coordinator.c"));

TEST(NoFile, ThatIsADirectoryEndsAKill) {
  Site site;
  start_chain(site);
  const std::string path = site.root() + "/tasks/active/t";
  std::filesystem::rename(path, site.path() + "/aside");
  std::filesystem::create_directory(path);
  const Ended kill = site.thermos({"kill", "t"});
  EXPECT_EQ(kill.code, 71) << kill.err;
  EXPECT_NE(kill.err.find(path), std::string::npos) << kill.err;
  std::filesystem::remove(path);
  // Nor does a link that leads nowhere keep it for ever.
  std::filesystem::create_symlink("nowhere", path);
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 66);
  std::filesystem::remove(path);
  std::filesystem::rename(site.path() + "/aside", path);
}

}  // namespace
}  // namespace thermos::real
