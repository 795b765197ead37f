#include <gtest/gtest.h>

#include <tuple>

#include "side.h"

namespace thermos::contract {
namespace {

ProcessStatus status_of(std::uint64_t seq, ProcessState state) {
  ProcessStatus status;
  status.process = "p0";
  status.seq = seq;
  status.state = state;
  status.at = {1'700'000'000 * kSecond, 1000 * kSecond};
  if (state == ProcessState::Forked) status.identity = {100, 7};
  return status;
}

using States = std::vector<ProcessState>;

class Contract : public testing::TestWithParam<std::unique_ptr<Side> (*)()> {
 protected:
  std::unique_ptr<Side> side = GetParam()();
};

INSTANTIATE_TEST_SUITE_P(Simulated, Contract, testing::Values(&simulated_side));
INSTANTIATE_TEST_SUITE_P(Real, Contract, testing::Values(&real_side));

// ---- files and locks ---------------------------------------------------------------------------

TEST_P(Contract, ALockHasOneHolder) {
  EXPECT_FALSE(side->locked());
  const auto handle = side->lock();
  ASSERT_TRUE(handle);
  EXPECT_TRUE(side->locked());
  EXPECT_FALSE(side->lock());
  side->close(*handle);
  // By close(2) it is free at once.
  EXPECT_FALSE(side->locked());
  const auto again = side->lock();
  ASSERT_TRUE(again);
  side->close(*again);
}

TEST_P(Contract, ACloseOfTheRunnersIsToldToo) {
  const auto handle = side->lock();
  side->close(*handle);
  side->wait_for_close();
}

TEST_P(Contract, RecordsReadBackOnce) {
  const auto handle = side->lock();
  EXPECT_TRUE(side->read().states.empty());
  side->append(*handle, status_of(1, ProcessState::Forked));
  side->append(*handle, status_of(2, ProcessState::Running));
  EXPECT_EQ(side->read().states, (States{ProcessState::Forked, ProcessState::Running}));
  side->append(*handle, status_of(3, ProcessState::Success));
  const auto contents = side->read();
  EXPECT_EQ(contents.states, States{ProcessState::Success});
  EXPECT_FALSE(contents.torn);
  side->close(*handle);
}

TEST_P(Contract, APieceOfARecordIsNoneAndIsCutByWhoHasTheLock) {
  auto handle = side->lock();
  side->append(*handle, status_of(1, ProcessState::Forked));
  side->append_part(*handle, status_of(2, ProcessState::Running));
  side->close(*handle);
  handle = side->lock();
  ASSERT_TRUE(handle);
  const auto before = side->read();
  EXPECT_EQ(before.states, States{ProcessState::Forked});
  EXPECT_TRUE(before.torn);
  side->cut(*handle);
  side->append(*handle, status_of(2, ProcessState::Lost));
  const auto after = side->read();
  EXPECT_EQ(after.states, States{ProcessState::Lost});
  EXPECT_FALSE(after.torn);
  side->close(*handle);
}

// ---- the fork server ---------------------------------------------------------------------------

TEST_P(Contract, AMessageHasTheLockAndACoordinatorAfterIt) {
  side->stop_server();
  side->launch(*side->lock());
  EXPECT_TRUE(side->locked());  // nobody but the message
  EXPECT_FALSE(side->lock());
  side->kill_server();
  side->wait_for_free_lock();
}

TEST_P(Contract, AServerThatDiesWithMessagesUnreadLosesThemAndTellsTheirClose) {
  side->stop_server();
  side->launch(*side->lock());
  side->kill_server();
  side->wait_for_close();
  side->wait_for_free_lock();
  EXPECT_TRUE(side->read().states.empty());
  // Another carries on.
  ASSERT_TRUE(side->restart_server());
  const auto handle = side->lock();
  ASSERT_TRUE(handle);
  side->launch(*handle);
  const std::int32_t pid = side->answer();
  const Identity coordinator = side->forked();
  EXPECT_EQ(coordinator.pid, pid);
  side->kill(coordinator);
  side->wait_for_end(pid);
}

TEST_P(Contract, ALaunchIsAnsweredByTheCoordinatorsPidAndItHasTheLock) {
  side->launch(*side->lock());
  const std::int32_t pid = side->answer();
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(side->locked());
  EXPECT_FALSE(side->lock());
  const Identity coordinator = side->forked();
  EXPECT_EQ(coordinator.pid, pid);
  EXPECT_NE(coordinator.ticks, 0u);
  EXPECT_TRUE(side->can_watch(pid));
  side->kill(coordinator);
  side->wait_for_close();
  side->wait_for_end(pid);
  // Its files were closed before it was a zombie; a child of its before the exec may have them yet.
  side->wait_for_free_lock();
}

TEST_P(Contract, ACoordinatorOutlivesItsForkServer) {
  side->launch(*side->lock());
  const std::int32_t pid = side->answer();
  const Identity coordinator = side->forked();
  side->kill_server();
  EXPECT_TRUE(side->locked());
  EXPECT_TRUE(side->can_watch(pid));
  side->kill(coordinator);
  side->wait_for_end(pid);
}

// ---- processes ---------------------------------------------------------------------------------

TEST_P(Contract, AnExitBeforeItsAnswerIsKeptWhileAnswersAreAwaited) {
  side->launch(*side->lock());
  const Identity coordinator = side->forked();
  side->kill(coordinator);
  side->wait_for_end(coordinator.pid);
  EXPECT_TRUE(side->can_watch(coordinator.pid));  // a zombie
  side->reap(true);
  EXPECT_TRUE(side->can_watch(coordinator.pid));  // kept
  EXPECT_TRUE(side->watch_is_answered_at_once(coordinator.pid));
  EXPECT_FALSE(side->can_watch(coordinator.pid));  // once
}

TEST_P(Contract, AnExitThatNobodyAwaitsIsForgotten) {
  side->launch(*side->lock());
  const Identity coordinator = side->forked();
  side->kill(coordinator);
  side->wait_for_end(coordinator.pid);
  side->reap(false);
  EXPECT_FALSE(side->can_watch(coordinator.pid));
}

TEST_P(Contract, APidThatAnotherHasNowIsRecycled) {
  side->launch(*side->lock());
  const Identity coordinator = side->forked();
  EXPECT_FALSE(side->is_recycled(coordinator));
  EXPECT_TRUE(side->is_recycled({coordinator.pid, coordinator.ticks - 1}));
  side->kill(coordinator);
  side->wait_for_end(coordinator.pid);
  EXPECT_FALSE(side->is_recycled(coordinator));  // a zombie
  side->reap(false);
  EXPECT_FALSE(side->is_recycled(coordinator));  // nobody's
}

TEST_P(Contract, APidfdIsOfExactlyOneProcessAndTellsOfItsEnd) {
  side->launch(*side->lock());
  const Identity coordinator = side->forked();
  const Identity recycled{coordinator.pid, coordinator.ticks + 1};
  EXPECT_FALSE(side->pidfd_tells(recycled, [] {}));
  EXPECT_TRUE(side->pidfd_tells(coordinator, [&] { side->kill(coordinator); }));
  side->wait_for_end(coordinator.pid);
  side->reap(false);
  EXPECT_FALSE(side->pidfd_tells(coordinator, [] {}));
}

// ---- the runner's disk -------------------------------------------------------------------------

class FullDiskContract : public testing::TestWithParam<std::unique_ptr<FullDisk> (*)()> {};

INSTANTIATE_TEST_SUITE_P(Simulated, FullDiskContract, testing::Values(&simulated_full_disk));
INSTANTIATE_TEST_SUITE_P(Real, FullDiskContract, testing::Values(&real_full_disk));

TEST_P(FullDiskContract, WhatIsRecordedIsKeptAndANewLeaderGoesOn) {
  const std::unique_ptr<FullDisk> disk = GetParam()();
  if (!disk->unavailable().empty()) GTEST_SKIP() << disk->unavailable();
  RunnerHeader header;
  header.task_id = "job";
  header.sandbox = "/srv/job";
  ASSERT_TRUE(disk->append(header));
  auto write = [&disk, n = 0]() mutable {
    TaskStatus status;
    status.runner_pid = ++n;
    return disk->append(status);
  };
  ASSERT_TRUE(write());
  disk->fill();
  std::size_t written = 2;
  // The last block of the file may have room for some yet.
  while (write()) ++written;
  EXPECT_EQ(disk->recover(), written);
  ASSERT_TRUE(write());
  EXPECT_EQ(disk->recover(), written + 1);
}

class FailingDiskContract : public testing::TestWithParam<
                                std::tuple<std::unique_ptr<FailingDisk> (*)(std::uint64_t), int>> {
};

INSTANTIATE_TEST_SUITE_P(Simulated, FailingDiskContract,
                         testing::Combine(testing::Values(&simulated_failing_disk),
                                          testing::Range(1, 33)));
INSTANTIATE_TEST_SUITE_P(Real, FailingDiskContract,
                         testing::Combine(testing::Values(&real_failing_disk), testing::Values(1)));

TEST_P(FailingDiskContract, WhatWasActedOnIsKeptAndANewLeadersRecordsAreOnTheDisk) {
  const auto [make, seed] = GetParam();
  const std::unique_ptr<FailingDisk> disk = make(static_cast<std::uint64_t>(seed));
  if (!disk->unavailable().empty()) GTEST_SKIP() << disk->unavailable();
  RunnerHeader header;
  header.task_id = "job";
  header.sandbox = "/srv/job";
  ASSERT_TRUE(disk->append(header));
  std::int32_t written = 0;
  auto write = [&] {
    TaskStatus status;
    status.runner_pid = written + 1;
    if (!disk->append(status)) return false;
    ++written;
    return true;
  };
  ASSERT_TRUE(write());
  ASSERT_TRUE(disk->sync());
  disk->fail();
  std::int32_t synced = written;
  // A block that the file has already is written as ever; the next one is not.
  for (;;) {
    ASSERT_TRUE(write());
    if (!disk->sync()) break;
    synced = written;
  }
  EXPECT_FALSE(disk->sync()) << "a failed sync was tried again";
  EXPECT_FALSE(write());
  disk->repair();
  const std::int32_t found = disk->recover();
  EXPECT_GE(found, synced);
  EXPECT_LE(found, written);
  written = found;
  ASSERT_TRUE(write());
  ASSERT_TRUE(disk->sync());
  EXPECT_EQ(disk->recover_after_power_cut(), written);
}

}  // namespace
}  // namespace thermos::contract
