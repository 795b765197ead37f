// The runner is killed at one of its system calls, at another, at every one of them: what it was
// about to do is undone, what it did is done, and the next runner must find its way from there.
#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "ledger.h"
#include "tracer.h"

namespace thermos::real {
namespace {

Json small_task() {
  const auto writes = [](const std::string& name) {
    return process(name,
                   "exec 9> lock." + name + "; flock -n 9 || echo " + name + " >> overlaps; echo " +
                       name + " >> ledger",
                   {{"min_duration", 0}});
  };
  return task({writes("a"), writes("b"), writes("c")}, {{"a", "b"}});
}

struct Outcome {
  int calls = 0;        // that the first runner began
  bool killed = false;  // there, rather than ended by itself
};

// `late`: the next runner comes when all that was under way has ended.
Outcome run_killed_at(int call, const Words& options, bool late) {
  Site site;
  const Json task = small_task();
  const std::string config = site.write_config(task);
  Outcome outcome;
  {
    Surroundings traced;
    traced.before_exec = be_traced;
    Command runner = site.start(site.run_words(config, "t", options), traced);
    outcome.calls = trace(runner, call);
    outcome.killed = runner.wait().code == -SIGKILL;
  }
  if (late) {
    EXPECT_TRUE(nothing_outlives());
  }
  if (outcome.killed) expect_success(site.start_run(config, "t", options).wait());
  expect_each_once(site, task);
  return outcome;
}

// In the suite a stride; with THERMOS_EVERY_CALL set, every call.
void kill_at_calls(const Words& options, int points) {
  const int all = run_killed_at(INT_MAX, options, false).calls;
  ASSERT_GT(all, 100);
  const bool every = std::getenv("THERMOS_EVERY_CALL") != nullptr;
  const int stride = every ? 1 : std::max(1, all / points);
  int tried = 0;
  int killed = 0;
  // One run makes a few more or fewer calls than another.
  for (int call = 1; call <= all + 20; call += stride) {
    for (const bool late : {false, true}) {
      if (!every && late != (call / stride % 2 == 1)) continue;
      SCOPED_TRACE("killed at call " + std::to_string(call) + (late ? ", late" : ""));
      ++tried;
      killed += run_killed_at(call, options, late).killed ? 1 : 0;
      if (::testing::Test::HasFailure()) return;
    }
  }
  std::cout << "a runner makes " << all << " calls; " << killed << " of " << tried
            << " runners were killed at one\n";
  EXPECT_GT(killed, points / 2);
}

TEST(SystemCalls, ARunnerKilledAtEach) {
  kill_at_calls({"-q"}, 60);
}

TEST(SystemCalls, ARunnerKilledAtEachWithoutSyncing) {
  kill_at_calls({"-q", "--sync", "crash"}, 20);
}

}  // namespace
}  // namespace thermos::real
