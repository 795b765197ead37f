// Nothing is lost and nothing runs twice, whoever is killed at whatever moment.
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ledger.h"

namespace thermos::real {
namespace {

constexpr int kProcesses = 60;
// A machine on which a runner does not even start within the longest of the pauses would never see
// the end; from here on it is left alone.
constexpr int kMostKills = 150;

struct Tally {
  int runners = 0;
  int coordinators = 0;
  int fork_servers = 0;
  int kills() const { return runners + coordinators + fork_servers; }
};

// Coordinators by this task's runner and the runners before it, and the runner's fork server.
std::vector<pid_t> coordinators(pid_t runner) {
  std::vector<pid_t> found;
  for (const pid_t parent : {runner, ::getpid()}) {
    for (const pid_t child : children_of(parent)) {
      if (command_name(child) == "coordinator" && alive(child)) found.push_back(child);
    }
  }
  return found;
}

std::vector<pid_t> fork_servers(pid_t runner) {
  std::vector<pid_t> found;
  for (const pid_t child : children_of(runner)) {
    if (command_name(child) != "coordinator" &&
        program_of(child).ends_with("/thermos-coordinator")) {
      found.push_back(child);
    }
  }
  return found;
}

bool kill_one(const std::vector<pid_t>& victims, Dice& dice) {
  return !victims.empty() && Watched(dice.pick(victims)).signal(SIGKILL);
}

// Starts runners until one of them comes to the end.
Ended run_to_the_end(Site& site, const std::string& config, Dice& dice, const Words& options,
                     bool all_are_victims, Tally& tally) {
  for (;;) {
    Command runner = site.start_run(config, "t", options);
    bool killed = false;
    while (!killed && tally.kills() < kMostKills && !runner.ends_within(dice.throw_one(5, 250))) {
      reap_orphans(runner.pid());
      const int victim = all_are_victims ? dice.throw_one(0, 9) : 0;
      if (victim < 3) {
        killed = true;
        runner.destroy();
        ++tally.runners;
      } else if (victim < 8) {
        tally.coordinators += kill_one(coordinators(runner.pid()), dice) ? 1 : 0;
      } else {
        tally.fork_servers += kill_one(fork_servers(runner.pid()), dice) ? 1 : 0;
      }
    }
    if (!killed) return runner.wait();
  }
}

Words options_for(Dice& dice) {
  return {"-q", "--sync", dice.throw_one(0, 1) == 0 ? "power" : "crash"};
}

class Ledger : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(Ledger, RunnerKilledAgainAndAgain) {
  Dice dice(GetParam());
  Site site;
  const Json task = ledger_task(dice, kProcesses);
  Tally tally;
  const Ended ended =
      run_to_the_end(site, site.write_config(task), dice, options_for(dice), false, tally);
  expect_success(ended);
  expect_each_once(site, task);
  EXPECT_GT(tally.runners, 0);
  std::cout << "seed " << GetParam() << ": runner killed " << tally.runners << " times\n";
}

TEST_P(Ledger, AnyoneKilledAgainAndAgain) {
  Dice dice(1000 + GetParam());
  Site site;
  const Json task = ledger_task(dice, kProcesses);
  Tally tally;
  const Ended ended =
      run_to_the_end(site, site.write_config(task), dice, options_for(dice), true, tally);
  expect_success(ended);
  const Repeats repeats = expect_repeats_explained(site, task);
  EXPECT_GT(tally.kills(), 0);
  std::cout << "seed " << GetParam() << ": killed " << tally.runners << " runners, "
            << tally.coordinators << " coordinators, " << tally.fork_servers << " fork servers; "
            << repeats.repeats << " repeats, " << repeats.lost << " runs LOST, " << repeats.killed
            << " KILLED\n";
}

INSTANTIATE_TEST_SUITE_P(Seeds, Ledger, ::testing::Range(1U, 11U));

// ---- without inotify ---------------------------------------------------------------------------

class Blind : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(Blind, RunnerKilledAgainAndAgain) {
  Dice dice(2000 + GetParam());
  Site site;
  site.set_environment("THERMOS_NO_INOTIFY", "1");
  const Json task = ledger_task(dice, kProcesses);
  Tally tally;
  const Ended ended =
      run_to_the_end(site, site.write_config(task), dice, options_for(dice), false, tally);
  expect_success(ended);
  expect_each_once(site, task);
  EXPECT_GT(tally.runners, 0);
  std::cout << "seed " << GetParam() << ": runner killed " << tally.runners << " times\n";
}

TEST_P(Blind, AnyoneKilledAgainAndAgain) {
  Dice dice(3000 + GetParam());
  Site site;
  site.set_environment("THERMOS_NO_INOTIFY", "1");
  const Json task = ledger_task(dice, kProcesses);
  Tally tally;
  const Ended ended =
      run_to_the_end(site, site.write_config(task), dice, options_for(dice), true, tally);
  expect_success(ended);
  const Repeats repeats = expect_repeats_explained(site, task);
  std::cout << "seed " << GetParam() << ": " << tally.kills() << " killed; " << repeats.repeats
            << " repeats, " << repeats.lost << " runs LOST, " << repeats.killed << " KILLED\n";
}

INSTANTIATE_TEST_SUITE_P(Seeds, Blind, ::testing::Range(1U, 3U));

TEST(Blindfold, StagesDeadlinesAndKillsAreRight) {
  Site site;
  site.set_environment("THERMOS_NO_INOTIFY", "1");
  const Ended ended = site.run(task(
      {process("retry", "[ -e tried ] || { touch tried; exit 1; }",
               {{"max_failures", 2}, {"min_duration", 0.2}}),
       process("stubborn", "trap '' TERM; touch up; while :; do sleep 1; done",
               {{"ephemeral", true}}),
       process("main", "until [ -e up ]; do sleep 0.02; done"), process("after", "echo after")},
      {{"main", "after"}, {"retry", "after"}}, {{"finalization_wait", 0.4}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "retry"), "FAILED SUCCESS");
  EXPECT_EQ(states(status, "after"), "SUCCESS");
  EXPECT_EQ(runs(status, "stubborn").back()["return_code"], -SIGKILL);
}

}  // namespace
}  // namespace thermos::real
