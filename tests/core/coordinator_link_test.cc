#include "core/runner/coordinator_link.h"

#include <gtest/gtest.h>

namespace thermos {
namespace {

using Known = CoordinatorLink::Known;

constexpr Identity kCoordinator{100, 7};

Known waiting(std::uint32_t run) {
  return {true, run, ProcessState::Waiting, {}, false};
}

Known running(std::uint32_t run) {
  return {true, run, ProcessState::Running, kCoordinator, false};
}

// A link and what was wanted of it last.
class Bench {
 public:
  explicit Bench(bool notified = true) : link_(0, notified) {}

  const std::vector<link::Effect>& tell(const link::Event& event, const Known& known) {
    effects_ = link_.handle(event, known, now);
    return effects_;
  }
  template <typename T>
  const T* wants() const {
    for (const link::Effect& effect : effects_) {
      if (const auto* wanted = std::get_if<T>(&effect)) return wanted;
    }
    return nullptr;
  }
  link::State state() const { return link_.state(); }
  const CoordinatorLink& link() const { return link_; }

  // To a coordinator of ours that spoke.
  void run_one(std::uint32_t run) {
    tell(link::Start{{0, run, 1}}, waiting(run));
    tell(link::LockTaken{}, waiting(run));
    const std::uint64_t clone = wants<link::Clone>()->number;
    tell(link::Handed{}, waiting(run));
    tell(link::Answered{clone, kCoordinator.pid, false, {}}, waiting(run));
    tell(link::Changed{}, waiting(run));
    tell(link::Heard{run, kCoordinator}, waiting(run));
    tell(link::ReadDone{}, running(run));
  }

  Microseconds now = 1000 * kSecond;

 private:
  CoordinatorLink link_;
  std::vector<link::Effect> effects_;
};

TEST(CoordinatorLink, TheNextRunBeginsAsSoonAsTheOneBeforeIsReaped) {
  Bench bench;
  bench.run_one(0);
  bench.tell(link::Start{{0, 1, 5}}, waiting(1));
  EXPECT_EQ(bench.state(), link::State::Ours);
  bench.tell(link::ChildGone{0}, waiting(1));
  bench.tell(link::ReadDone{}, waiting(1));
  // At once: a Stop that is on its way to it must not find nobody, and the run begin behind it.
  EXPECT_NE(bench.wants<link::TellGone>(), nullptr);
  EXPECT_NE(bench.wants<link::TryLock>(), nullptr);
  EXPECT_EQ(bench.state(), link::State::Locking);
}

TEST(CoordinatorLink, AnAnswerToAnEarlierCloneOfTheRunIsNotThisOnes) {
  Bench bench;
  bench.tell(link::Start{{0, 0, 1}}, waiting(0));
  bench.tell(link::LockTaken{}, waiting(0));
  const std::uint64_t first = bench.wants<link::Clone>()->number;
  bench.tell(link::Handed{}, waiting(0));
  // It waits for the next fork server, and comes to nothing there.
  bench.tell(link::ServerDied{}, waiting(0));
  bench.tell(link::ReadDone{}, waiting(0));
  bench.tell(link::LockIs{link::Lock::Free}, waiting(0));
  bench.tell(link::ReadDone{}, waiting(0));
  bench.tell(link::Start{{0, 0, 1}}, waiting(0));
  bench.tell(link::LockTaken{}, waiting(0));
  const std::uint64_t second = bench.wants<link::Clone>()->number;
  bench.tell(link::Handed{}, waiting(0));
  bench.tell(link::Answered{first, 0, false, "no such thing"}, waiting(0));
  EXPECT_EQ(bench.state(), link::State::Sent);
  EXPECT_EQ(bench.wants<link::TellFailed>(), nullptr);
  bench.tell(link::Answered{second, 100, false, {}}, waiting(0));
  EXPECT_EQ(bench.state(), link::State::Ours);
}

TEST(CoordinatorLink, NewsStandForTheLookThatWasPlanned) {
  Bench bench;
  bench.tell(link::Start{{0, 0, 1}}, waiting(0));
  bench.tell(link::LockTaken{}, waiting(0));
  bench.tell(link::Handed{}, waiting(0));
  bench.tell(link::ServerDied{}, waiting(0));
  bench.tell(link::ReadDone{}, waiting(0));
  bench.tell(link::LockIs{link::Lock::Held}, waiting(0));
  ASSERT_NE(bench.wants<link::Arm>(), nullptr);
  EXPECT_TRUE(bench.wants<link::Arm>()->at);
  bench.tell(link::Changed{}, waiting(0));
  ASSERT_NE(bench.wants<link::Arm>(), nullptr);
  EXPECT_FALSE(bench.wants<link::Arm>()->at);
}

// Its stream can't be read at first, so that it is only heard later that it ran before the reboot.
TEST(CoordinatorLink, APidOfAnotherBootIsNeverLookedAt) {
  const Known rebooted{true, 0, ProcessState::Forked, kCoordinator, true};
  Bench bench;
  bench.tell(link::Adopt{true}, waiting(0));
  bench.tell(link::ReadDone{true}, waiting(0));
  bench.tell(link::LockIs{link::Lock::Unknown}, waiting(0));
  bench.now += kSecond;
  bench.tell(link::Timer{}, waiting(0));
  bench.tell(link::Heard{0, kCoordinator}, waiting(0));
  bench.tell(link::ReadDone{}, rebooted);
  EXPECT_EQ(bench.wants<link::OpenPidfd>(), nullptr);
  ASSERT_NE(bench.wants<link::TellGone>(), nullptr);
  EXPECT_TRUE(bench.wants<link::TellGone>()->gone.rebooted);
  EXPECT_EQ(bench.state(), link::State::Idle);
}

TEST(CoordinatorLink, LastWordsOfAnotherBootLeaveNothingToSweep) {
  const Known rebooted{true, 0, ProcessState::Forked, kCoordinator, true};
  Bench bench;
  bench.tell(link::Adopt{true}, waiting(0));
  bench.tell(link::ReadDone{true}, waiting(0));
  bench.tell(link::LockIs{link::Lock::Free}, waiting(0));
  bench.tell(link::Heard{0, kCoordinator}, waiting(0));
  bench.tell(link::ReadDone{}, rebooted);
  ASSERT_NE(bench.wants<link::TellGone>(), nullptr);
  EXPECT_TRUE(bench.wants<link::TellGone>()->gone.rebooted);
}

}  // namespace
}  // namespace thermos
