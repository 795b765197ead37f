// A runner whose processes use the pools of a daemon.
#include <gtest/gtest.h>

#include "core/task/shared_pools.h"
#include "running_process.h"

namespace thermos {
namespace {

class RunnerPools : public RunningProcess {
 protected:
  void SetUp() override {
    access_.pools = &pools_;
    access_.task_id = "t-1";
    add("a").uses.entries = {{"gpu", 1}};
  }
  // The runner must go before what this class holds.
  void TearDown() override { runner_.reset(); }

  SharedPools pools_{Named<std::uint32_t>{{{"gpu", 1}}}};
};

TEST_F(RunnerPools, ALaunchIsNotTriedAgainWhereAnotherTaskHasTheShare) {
  start();
  EXPECT_EQ(pools_.free(0), 0);
  tell(LaunchFailed{0, 0, true, "no memory"});
  ASSERT_EQ(all<SetTimer>().size(), 1U);
  ASSERT_TRUE(all<SetTimer>()[0].at);
  const Microseconds wait = *all<SetTimer>()[0].at - now_.boot;
  pools_.take(0, 1);  // the resume of another task finds it
  passes(wait);
  EXPECT_TRUE(all<StartProcess>().empty());
  EXPECT_EQ(pools_.free(0), 0);
  pools_.take(0, -1);
  tell(PoolTurn{});
  ASSERT_EQ(all<StartProcess>().size(), 1U);
  EXPECT_EQ(all<StartProcess>()[0].run, 0U) << "nothing of it had begun";
}

TEST_F(RunnerPools, ALaunchIsTriedAgainWhereItsShareIsItsOwn) {
  start();
  tell(LaunchFailed{0, 0, true, "no memory"});
  ASSERT_EQ(all<SetTimer>().size(), 1U);
  passes(*all<SetTimer>()[0].at - now_.boot);
  EXPECT_EQ(all<StartProcess>().size(), 1U);
}

TEST_F(RunnerPools, WhoDoesNotLeadAnyMoreGivesThemBack) {
  add("f").uses.entries = {{"gpu", 1}};
  task_.processes[1].final = true;
  run_a();
  EXPECT_EQ(pools_.free(0), 0);
  runner_->give_up_pools();
  EXPECT_EQ(pools_.free(0), 1);
}

}  // namespace
}  // namespace thermos
