// A task whose leader may live on another machine, where its lock is not seen from here.
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "core/config/load.h"
#include "reactor/host/open_task.h"
#include "root_fixture.h"

namespace thermos {
namespace {

class LeaderElsewhere : public RootFixture {
 protected:
  // Of a task that a leader on another machine has begun, who is writing its next record.
  void SetUp() override {
    RootFixture::SetUp();
    make_task(true, false);
    spit(runner(), slurp(runner()) + slurp(coordinator()).substr(24, 13));
  }
  TaskSetup setup() const {
    const std::string file = paths().active_task("t");
    auto task = config::load_bound(slurp(file), file);
    EXPECT_TRUE(task.ok()) << task.error().message;
    TaskSetup made{paths(), std::make_shared<const TaskConfig>(std::move(*task)), {}};
    made.header.task_id = "t";
    made.place.hostname = "here";
    return made;
  }
};

TEST_F(LeaderElsewhere, ItsFilesAreLeftAsTheyAre) {
  const std::string before = everything();
  const auto refused = open_task(setup(), SyncMode::Power, 0, LockReach::Unknown);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Busy) << refused.error().message;
  EXPECT_EQ(everything(), before);

  const RootReport report = check_root(paths(), {"t"}, true, LockReach::Unknown);
  EXPECT_TRUE(report.remains());
  ASSERT_NE(about(report, runner()), nullptr);
  EXPECT_NE(about(report, runner())->did.find("led on another machine"), std::string::npos)
      << all_of(report);
  EXPECT_EQ(everything(), before);
}

TEST_F(LeaderElsewhere, WhoeverTakesOverCutsOffWhatItDidNotWriteToItsEnd) {
  TaskSetup over = setup();
  over.take_over = true;
  const std::size_t size = slurp(runner()).size();
  const auto opened = open_task(over, SyncMode::Power, 0, LockReach::Unknown);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(slurp(runner()).size(), size - 13);
}

TEST_F(LeaderElsewhere, FsckRepairsWhereEveryMachineSeesTheLocks) {
  const RootReport report = check_root(paths(), {"t"}, true, LockReach::AllMachines);
  ASSERT_NE(about(report, runner()), nullptr);
  EXPECT_TRUE(about(report, runner())->repaired) << all_of(report);
}

}  // namespace
}  // namespace thermos
