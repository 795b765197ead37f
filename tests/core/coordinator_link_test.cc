#include "core/runner/coordinator_link.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/times.h"

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
    if (std::holds_alternative<link::Timer>(event)) armed_.reset();
    if (const auto* arm = wants<link::Arm>()) armed_ = arm->at;
    return effects_;
  }
  template <typename T>
  const T* wants() const {
    for (const link::Effect& effect : effects_) {
      if (const auto* wanted = std::get_if<T>(&effect)) return wanted;
    }
    return nullptr;
  }
  std::size_t effects() const { return effects_.size(); }
  // When its timer was asked for last; nothing: not, or not any more.
  std::optional<Microseconds> armed() const { return armed_; }
  link::State state() const { return link_.state(); }
  const CoordinatorLink& link() const { return link_; }

  // From Idle: run 0 is on its way to the state.
  void go_to(link::State state);
  // To a coordinator of ours that spoke.
  void run_one(std::uint32_t run) {
    send(run);
    answer(kCoordinator.pid);
    tell(link::Changed{}, waiting(run));
    tell(link::Heard{run, kCoordinator}, waiting(run));
    tell(link::ReadDone{}, running(run));
  }
  void send(std::uint32_t run) {
    tell(link::Start{{0, run, 1}}, waiting(run));
    tell(link::LockTaken{}, waiting(run));
    clone_ = wants<link::Clone>()->number;
    tell(link::Handed{}, waiting(run));
  }
  void answer(std::int32_t pid, bool retry = false) {
    tell(link::Answered{clone_, pid, retry, "no pids"}, waiting(0));
  }
  // The runner before left a run that is live.
  void adopt(const Known& known, bool starved = false) {
    tell(link::Adopt{}, known);
    tell(link::ReadDone{starved}, known);
  }

  Microseconds now = 1000 * kSecond;

 private:
  CoordinatorLink link_;
  std::vector<link::Effect> effects_;
  std::optional<Microseconds> armed_;
  std::uint64_t clone_ = 0;
};

void Bench::go_to(link::State state) {
  using link::State;
  switch (state) {
    case State::Idle:
      return;
    case State::Locking:
      tell(link::Start{{0, 0, 1}}, waiting(0));
      return;
    case State::Checking:
      go_to(State::Locking);
      tell(link::LockTaken{true}, waiting(0));
      return;
    case State::Handing:
      go_to(State::Locking);
      tell(link::LockTaken{}, waiting(0));
      return;
    case State::Sent:
      send(0);
      return;
    case State::Unanswered:
      send(0);
      tell(link::ServerDied{}, waiting(0));
      return;
    case State::Ours:
      run_one(0);
      return;
    case State::Beside:
      tell(link::LookBeside{}, {});
      return;
    case State::Adopting:
      tell(link::Adopt{}, running(0));
      return;
    case State::Found:
      adopt(running(0));
      return;
    case State::Watched:
      adopt(running(0));
      tell(link::PidfdOpened{}, running(0));
      return;
    case State::Leaving:
      run_one(0);
      tell(link::ChildGone{0}, running(0));
      return;
  }
}

constexpr std::array kAllStates = {
    link::State::Idle,     link::State::Locking,    link::State::Checking, link::State::Handing,
    link::State::Sent,     link::State::Unanswered, link::State::Ours,     link::State::Beside,
    link::State::Adopting, link::State::Found,      link::State::Watched,  link::State::Leaving};
static_assert(kAllStates.size() == link::kStates);

// One event of each kind, of the run and the clone under way.
std::vector<std::pair<std::string, link::Event>> all_events() {
  return {{"Start", link::Start{{0, 1, 5}}},
          {"Adopt", link::Adopt{}},
          {"LookBeside", link::LookBeside{}},
          {"LockTaken", link::LockTaken{}},
          {"LockBusy", link::LockBusy{}},
          {"LockFailed", link::LockFailed{}},
          {"Heard", link::Heard{0, kCoordinator}},
          {"ReadDone", link::ReadDone{}},
          {"Handed", link::Handed{}},
          {"HandFailed", link::HandFailed{}},
          {"Answered", link::Answered{1, kCoordinator.pid, false, {}}},
          {"ServerDied", link::ServerDied{}},
          {"ChildGone", link::ChildGone{0}},
          {"NoSuchChild", link::NoSuchChild{}},
          {"PidfdOpened", link::PidfdOpened{}},
          {"PidfdRefused", link::PidfdRefused{}},
          {"PidfdReady", link::PidfdReady{0}},
          {"LockIs", link::LockIs{}},
          {"Changed", link::Changed{}},
          {"Timer", link::Timer{}},
          {"Stop", link::Stop{0, false}}};
}

// What each state takes, by the words of coordinator_link.h; and in brackets what may come late, of
// something that is over, and is let pass.
const std::map<link::State, std::string> kTaken = {
    {link::State::Idle,
     "Start Adopt LookBeside Changed Stop (Answered) (ServerDied) (ChildGone) (PidfdReady)"},
    {link::State::Locking,
     "LockTaken LockBusy LockFailed (Answered) (ServerDied) (ChildGone) (PidfdReady)"},
    {link::State::Checking, "Heard ReadDone (Answered) (ServerDied) (ChildGone) (PidfdReady)"},
    {link::State::Handing, "Handed HandFailed (Answered) (ServerDied) (ChildGone) (PidfdReady)"},
    {link::State::Sent,
     "Start Answered ServerDied Changed Heard ReadDone Timer Stop (ChildGone) (PidfdReady)"},
    {link::State::Unanswered,
     "Start Changed Heard ReadDone LockIs Timer Stop (Answered) (ServerDied) (ChildGone) "
     "(PidfdReady)"},
    {link::State::Ours,
     "Start Answered ChildGone NoSuchChild Changed Heard ReadDone Timer Stop (ServerDied) "
     "(PidfdReady)"},
    {link::State::Beside, "Heard ReadDone (Answered) (ServerDied) (ChildGone) (PidfdReady)"},
    {link::State::Adopting, "Heard ReadDone (Answered) (ServerDied) (ChildGone) (PidfdReady)"},
    {link::State::Found,
     "Start PidfdOpened PidfdRefused LockIs Changed Heard ReadDone Timer Stop (Answered) "
     "(ServerDied) (ChildGone) (PidfdReady)"},
    {link::State::Watched,
     "Start PidfdReady Changed Heard ReadDone Timer Stop (Answered) (ServerDied) (ChildGone)"},
    {link::State::Leaving,
     "Start Changed Heard ReadDone Timer Stop (Answered) (ServerDied) (ChildGone) (PidfdReady)"},
};

TEST(CoordinatorLink, EveryPairOfStateAndEventIsTakenLetPassOrRefusedByName) {
  for (const link::State state : kAllStates) {
    const std::string taken = " " + kTaken.at(state) + " ";
    for (const auto& [name, event] : all_events()) {
      SCOPED_TRACE(name + " while " + std::string(link::name_of(state)));
      Bench bench;
      bench.go_to(state);
      ASSERT_EQ(bench.state(), state);
      bench.tell(event, running(0));
      const auto* refused = bench.wants<link::Refuse>();
      if (taken.find(" (" + name + ") ") != std::string::npos) {
        EXPECT_EQ(bench.effects(), 0u);
        EXPECT_EQ(bench.state(), state);
      } else if (taken.find(" " + name + " ") != std::string::npos) {
        EXPECT_EQ(refused, nullptr);
      } else {
        ASSERT_NE(refused, nullptr);
        EXPECT_EQ(refused->event, name + " while " + std::string(link::name_of(state)));
        EXPECT_EQ(bench.state(), state);
      }
    }
  }
}

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

// ---- launching ---------------------------------------------------------------------------------

TEST(CoordinatorLink, AFailedLockOrHandOverOrCloneIsAFailedLaunch) {
  for (const bool retry : {false, true}) {
    Bench lock;
    lock.go_to(link::State::Locking);
    lock.tell(link::LockFailed{retry, "no descriptor"}, waiting(0));
    Bench hand;
    hand.go_to(link::State::Handing);
    hand.tell(link::HandFailed{retry, "no descriptor"}, waiting(0));
    Bench clone;
    clone.go_to(link::State::Sent);
    clone.answer(0, retry);
    for (const Bench* bench : {&lock, &hand, &clone}) {
      ASSERT_NE(bench->wants<link::TellFailed>(), nullptr);
      EXPECT_EQ(bench->wants<link::TellFailed>()->failed.retry, retry);
      EXPECT_EQ(bench->wants<link::TellFailed>()->failed.run, 0u);
      EXPECT_FALSE(bench->wants<link::TellFailed>()->failed.reason.empty());
      EXPECT_TRUE(bench->link().idle());
    }
  }
}

TEST(CoordinatorLink, WhatTheStreamHoldsIsReadBeforeItIsCut) {
  Bench bench;
  bench.go_to(link::State::Locking);
  bench.tell(link::LockTaken{true}, waiting(0));
  EXPECT_NE(bench.wants<link::Read>(), nullptr);
  EXPECT_EQ(bench.wants<link::Clone>(), nullptr);
  bench.tell(link::ReadDone{}, waiting(0));  // a piece of a record
  EXPECT_NE(bench.wants<link::Clone>(), nullptr);
}

TEST(CoordinatorLink, AStreamThatCannotBeReadIsNotCut) {
  Bench bench;
  bench.go_to(link::State::Checking);
  bench.tell(link::ReadDone{true}, waiting(0));
  EXPECT_NE(bench.wants<link::DropLock>(), nullptr);
  ASSERT_NE(bench.wants<link::TellFailed>(), nullptr);
  EXPECT_TRUE(bench.wants<link::TellFailed>()->failed.retry);
}

TEST(CoordinatorLink, ARunThatTheStreamKnowsIsNotStartedAgain) {
  Bench live;
  live.go_to(link::State::Checking);
  live.tell(link::ReadDone{}, running(0));  // it ran, nobody holds its lock, and it has no end
  EXPECT_NE(live.wants<link::DropLock>(), nullptr);
  ASSERT_NE(live.wants<link::TellGone>(), nullptr);
  EXPECT_FALSE(live.wants<link::TellGone>()->gone.rebooted);

  for (const Known& known :
       {Known{false, 0, ProcessState::Success, kCoordinator, false}, waiting(1)}) {
    Bench over;
    over.go_to(link::State::Checking);
    over.tell(link::ReadDone{}, known);
    EXPECT_NE(over.wants<link::DropLock>(), nullptr);
    EXPECT_EQ(over.wants<link::TellGone>(), nullptr);
    EXPECT_EQ(over.wants<link::Clone>(), nullptr);
    EXPECT_TRUE(over.link().idle());
  }
}

TEST(CoordinatorLink, WhoeverHoldsTheLockIsTheAnswerToALaunch) {
  Bench bench;
  bench.go_to(link::State::Locking);
  bench.tell(link::LockBusy{}, waiting(0));
  EXPECT_EQ(bench.state(), link::State::Adopting);
  bench.tell(link::Heard{0, kCoordinator}, waiting(0));
  bench.tell(link::ReadDone{}, running(0));
  EXPECT_NE(bench.wants<link::OpenPidfd>(), nullptr);
}

TEST(CoordinatorLink, ForkedIsAsGoodAsAnAnswer) {
  Bench bench;
  bench.send(0);
  bench.tell(link::Changed{}, waiting(0));
  bench.tell(link::Heard{0, kCoordinator}, waiting(0));
  bench.tell(link::ReadDone{}, {true, 0, ProcessState::Forked, kCoordinator, false});
  ASSERT_NE(bench.wants<link::WatchChild>(), nullptr);
  EXPECT_TRUE(bench.wants<link::WatchChild>()->certain);
  EXPECT_EQ(bench.wants<link::CloseReader>(), nullptr);  // RUNNING is still to come
  EXPECT_TRUE(bench.link().is_our_child());
  bench.answer(kCoordinator.pid);
  EXPECT_EQ(bench.effects(), 0u);
}

TEST(CoordinatorLink, AChildOfADeadForkServerMayHaveBeenReapedBefore) {
  Bench bench;
  bench.go_to(link::State::Unanswered);
  bench.tell(link::Heard{0, kCoordinator}, waiting(0));
  bench.tell(link::ReadDone{}, running(0));
  ASSERT_NE(bench.wants<link::WatchChild>(), nullptr);
  EXPECT_FALSE(bench.wants<link::WatchChild>()->certain);
  EXPECT_NE(bench.wants<link::CloseReader>(), nullptr);  // nothing comes before its end
  bench.tell(link::NoSuchChild{}, running(0));
  EXPECT_EQ(bench.state(), link::State::Leaving);
  EXPECT_EQ(bench.wants<link::Read>()->origin, Origin::Recorded);
}

TEST(CoordinatorLink, OnlyTheLockTellsOfALaunchThatADeadForkServerHad) {
  Bench bench;
  bench.go_to(link::State::Unanswered);
  bench.tell(link::ReadDone{}, waiting(0));
  EXPECT_NE(bench.wants<link::AskLock>(), nullptr);
  bench.tell(link::LockIs{link::Lock::Free}, waiting(0));
  bench.tell(link::ReadDone{}, waiting(0));
  ASSERT_NE(bench.wants<link::TellGone>(), nullptr);
  EXPECT_EQ(bench.wants<link::TellGone>()->gone.run, 0u);
}

// ---- reading -----------------------------------------------------------------------------------

TEST(CoordinatorLink, NewsOfAnEarlierRunDoNotTakeItsPlace) {
  Bench bench;
  bench.run_one(3);
  bench.tell(link::Changed{}, running(3));
  bench.tell(link::Heard{2, {55, 5}}, running(3));
  EXPECT_EQ(bench.link().run(), 3u);
  EXPECT_EQ(bench.link().coordinator(), kCoordinator);
  bench.tell(link::Heard{4, {66, 6}}, running(3));
  EXPECT_EQ(bench.link().run(), 4u);
}

// Silence of a stream that could not be opened says nothing.
TEST(CoordinatorLink, WhatCouldNotBeReadIsLookedAtAgainEverMoreSlowly) {
  for (const link::State state : {link::State::Sent, link::State::Unanswered, link::State::Ours,
                                  link::State::Found, link::State::Watched, link::State::Leaving}) {
    SCOPED_TRACE(link::name_of(state));
    Bench bench;
    bench.go_to(state);
    const Known known =
        state == link::State::Sent || state == link::State::Unanswered ? waiting(0) : running(0);
    if (state != link::State::Unanswered && state != link::State::Leaving) {
      bench.tell(link::Changed{}, known);
    }
    Microseconds wait = kSecond / 100;
    for (int look = 0; look < 12; ++look) {
      bench.tell(link::ReadDone{true}, known);
      EXPECT_EQ(bench.state(), state);
      ASSERT_TRUE(bench.armed());
      EXPECT_EQ(*bench.armed() - bench.now, wait);
      wait = std::min(2 * wait, 2 * kSecond);
      bench.now = *bench.armed();
      bench.tell(link::Timer{}, known);
      ASSERT_NE(bench.wants<link::Read>(), nullptr);
    }
  }
}

TEST(CoordinatorLink, ATimerThatComesEarlyIsAskedForAgain) {
  Bench bench;
  bench.go_to(link::State::Found);
  bench.tell(link::PidfdRefused{}, running(0));
  bench.tell(link::LockIs{link::Lock::Unknown}, running(0));
  const auto at = bench.armed();
  bench.tell(link::Timer{}, running(0));
  EXPECT_EQ(bench.wants<link::Read>(), nullptr);
  ASSERT_NE(bench.wants<link::Arm>(), nullptr);
  EXPECT_EQ(bench.wants<link::Arm>()->at, at);
}

// ---- taking over -------------------------------------------------------------------------------

TEST(CoordinatorLink, AnAdoptedCoordinatorIsWatchedByItsPidfd) {
  Bench bench;
  bench.adopt(running(0));
  ASSERT_NE(bench.wants<link::OpenPidfd>(), nullptr);
  EXPECT_EQ(bench.wants<link::OpenPidfd>()->coordinator, kCoordinator);
  bench.tell(link::PidfdOpened{}, running(0));
  EXPECT_FALSE(bench.armed());
  bench.tell(link::PidfdReady{0}, running(0));
  ASSERT_NE(bench.wants<link::ClosePidfd>(), nullptr);
  EXPECT_EQ(bench.wants<link::Read>()->origin, Origin::FoundAtResume);
  bench.tell(link::ReadDone{}, running(0));
  EXPECT_FALSE(bench.wants<link::TellGone>()->gone.rebooted);
  EXPECT_EQ(bench.wants<link::RemoveGroup>()->run, 0u);
}

TEST(CoordinatorLink, ALockWithoutAnAnswerIsNoSignOfDeath) {
  for (const link::Lock lock : {link::Lock::Held, link::Lock::Unknown, link::Lock::Free}) {
    Bench bench;
    bench.adopt(waiting(0));
    EXPECT_NE(bench.wants<link::AskLock>(), nullptr);
    bench.tell(link::LockIs{lock}, waiting(0));
    EXPECT_EQ(bench.state(), lock == link::Lock::Free ? link::State::Leaving : link::State::Found);
    EXPECT_EQ(bench.armed().has_value(), lock != link::Lock::Free);
  }
}

// The close of its stream may have been told before we listened.
TEST(CoordinatorLink, AHeldLockIsAskedAgainAsLongAsThereIsNoPidfd) {
  for (const bool notified : {true, false}) {
    Bench bench(notified);
    bench.go_to(link::State::Found);
    bench.tell(link::PidfdRefused{}, running(0));
    bench.tell(link::LockIs{link::Lock::Held}, running(0));
    ASSERT_TRUE(bench.armed());
    bench.now = *bench.armed();
    bench.tell(link::Timer{}, running(0));
    bench.tell(link::ReadDone{}, running(0));
    bench.tell(link::PidfdOpened{}, running(0));
    EXPECT_EQ(bench.state(), link::State::Watched);
    EXPECT_FALSE(bench.armed());
  }
}

TEST(CoordinatorLink, WhatRanBeforeARebootIsGone) {
  Known rebooted = running(0);
  rebooted.other_boot = true;
  Bench bench;
  bench.adopt(rebooted);
  ASSERT_NE(bench.wants<link::TellGone>(), nullptr);
  EXPECT_TRUE(bench.wants<link::TellGone>()->gone.rebooted);
  EXPECT_TRUE(bench.link().idle());

  rebooted.live = false;  // its stream had the end
  rebooted.state = ProcessState::Success;
  Bench ended;
  ended.adopt(rebooted);
  EXPECT_EQ(ended.wants<link::TellGone>(), nullptr);
  EXPECT_TRUE(ended.link().idle());
}

TEST(CoordinatorLink, WhereNobodyIsLeftAnUnreadableStreamStopsTheTask) {
  Known rebooted = running(0);
  rebooted.other_boot = true;
  Bench adopted;
  adopted.adopt(rebooted, true);
  ASSERT_NE(adopted.wants<link::Refuse>(), nullptr);
  EXPECT_TRUE(adopted.wants<link::Refuse>()->event.empty());
  Bench beside;
  beside.go_to(link::State::Beside);
  beside.tell(link::ReadDone{true}, {});
  ASSERT_NE(beside.wants<link::Refuse>(), nullptr);
  EXPECT_TRUE(beside.wants<link::Refuse>()->event.empty());
}

TEST(CoordinatorLink, ALaunchUnderWayAtARebootIsWarnedOf) {
  Bench bench;
  bench.tell(link::Adopt{true}, waiting(2));
  bench.tell(link::ReadDone{}, waiting(2));
  ASSERT_NE(bench.wants<link::WarnRestarted>(), nullptr);
  EXPECT_EQ(bench.wants<link::WarnRestarted>()->run, 2u);
}

TEST(CoordinatorLink, AStreamBesideTheHistoryIsTakenOverOnlyWhereItSaysThatSomethingRuns) {
  Bench silent;
  silent.go_to(link::State::Beside);
  silent.tell(link::ReadDone{}, {});
  EXPECT_NE(silent.wants<link::CloseReader>(), nullptr);
  EXPECT_TRUE(silent.link().idle());
  Bench speaks;
  speaks.go_to(link::State::Beside);
  speaks.tell(link::Heard{1, kCoordinator}, {});
  speaks.tell(link::ReadDone{}, running(1));
  ASSERT_NE(speaks.wants<link::OpenPidfd>(), nullptr);
  EXPECT_EQ(speaks.wants<link::OpenPidfd>()->run, 1u);
}

// ---- ending ------------------------------------------------------------------------------------

TEST(CoordinatorLink, ARunThatNobodyHasIsCalledOff) {
  Bench idle;
  idle.tell(link::Stop{4, true}, waiting(4));
  ASSERT_NE(idle.wants<link::TellCancelled>(), nullptr);
  EXPECT_EQ(idle.wants<link::TellCancelled>()->cancelled.run, 4u);
  Bench deferred;
  deferred.run_one(0);
  deferred.tell(link::Start{{0, 1, 5}}, waiting(1));
  deferred.tell(link::Stop{1, false}, waiting(1));
  ASSERT_NE(deferred.wants<link::TellCancelled>(), nullptr);
  EXPECT_EQ(deferred.wants<link::TellCancelled>()->cancelled.run, 1u);
  deferred.tell(link::ChildGone{0}, waiting(1));
  deferred.tell(link::ReadDone{}, waiting(1));
  EXPECT_EQ(deferred.wants<link::TryLock>(), nullptr);
}

TEST(CoordinatorLink, AStopOfAnotherRunOrOfOneThatLeavesIsNothing) {
  Bench other;
  other.run_one(1);
  other.tell(link::Stop{0, true}, running(1));
  EXPECT_EQ(other.effects(), 0u);
  Bench leaving;
  leaving.go_to(link::State::Leaving);
  leaving.tell(link::Stop{0, true}, running(0));
  EXPECT_EQ(leaving.effects(), 0u);
}

TEST(CoordinatorLink, WhoDoesNotDieByForceInTimeIsKilled) {
  Bench bench;
  bench.run_one(0);
  bench.tell(link::Stop{0, false}, running(0));
  EXPECT_EQ(bench.wants<link::Send>()->signal, link::Signal::Terminate);
  EXPECT_FALSE(bench.armed());
  bench.tell(link::Stop{0, true}, running(0));
  EXPECT_EQ(bench.wants<link::Send>()->signal, link::Signal::Force);
  ASSERT_TRUE(bench.armed());
  const Microseconds at = *bench.armed();
  bench.now += kSecond;
  bench.tell(link::Stop{0, true}, running(0));  // the first one counts
  EXPECT_EQ(bench.armed(), at);
  bench.now = at;
  bench.tell(link::Timer{}, running(0));
  ASSERT_NE(bench.wants<link::Send>(), nullptr);
  EXPECT_EQ(bench.wants<link::Send>()->signal, link::Signal::Kill);
  EXPECT_EQ(bench.wants<link::Send>()->coordinator, kCoordinator);
}

TEST(CoordinatorLink, WhoRecordedItsEndIsNotKilledForLingering) {
  for (const Known& known :
       {Known{false, 0, ProcessState::Killed, kCoordinator, false}, waiting(1)}) {
    Bench bench;
    bench.run_one(0);
    bench.tell(link::Stop{0, true}, running(0));
    bench.now = *bench.armed();
    bench.tell(link::Timer{}, known);
    EXPECT_EQ(bench.wants<link::Send>(), nullptr);
  }
}

TEST(CoordinatorLink, AForkServerThatHoldsAnEndUpIsReplacedAgainAndAgain) {
  Bench bench;
  bench.send(0);
  bench.tell(link::Stop{0, false}, waiting(0));
  EXPECT_FALSE(bench.armed());
  bench.tell(link::Stop{0, true}, waiting(0));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(bench.armed());
    EXPECT_EQ(*bench.armed() - bench.now, 5 * kSecond);
    bench.now = *bench.armed();
    bench.tell(link::Timer{}, waiting(0));
    EXPECT_NE(bench.wants<link::ReplaceServer>(), nullptr);
  }
  bench.tell(link::ServerDied{}, waiting(0));
  EXPECT_FALSE(bench.armed());
}

// Nobody else would notice that it spoke.
TEST(CoordinatorLink, WithoutNoticesAStopOfOneThatDidNotSpeakLooks) {
  Bench bench(false);
  bench.send(0);
  bench.answer(kCoordinator.pid);
  EXPECT_FALSE(bench.armed());
  bench.tell(link::Stop{0, false}, waiting(0));
  ASSERT_TRUE(bench.armed());
  const auto at = bench.armed();
  bench.tell(link::Stop{0, true}, waiting(0));
  EXPECT_EQ(bench.armed(), at);
  bench.now = *at;
  bench.tell(link::Timer{}, waiting(0));
  EXPECT_NE(bench.wants<link::Read>(), nullptr);
  bench.tell(link::ReadDone{}, waiting(0));
  EXPECT_TRUE(bench.armed());
  bench.now = *bench.armed();
  bench.tell(link::Timer{}, waiting(0));
  bench.tell(link::Heard{0, kCoordinator}, waiting(0));
  bench.tell(link::ReadDone{}, running(0));
  EXPECT_FALSE(bench.armed());
  bench.tell(link::Stop{0, true}, running(0));
  EXPECT_EQ(bench.wants<link::Send>()->signal, link::Signal::Force);
}

// ---- what comes late, twice or together --------------------------------------------------------

TEST(CoordinatorLink, TheEndOfAnotherRunIsLetPass) {
  Bench ours;
  ours.run_one(1);
  ours.tell(link::ChildGone{0}, running(1));
  EXPECT_EQ(ours.state(), link::State::Ours);
  EXPECT_EQ(ours.effects(), 0u);
  Bench watched;
  watched.go_to(link::State::Watched);
  watched.tell(link::PidfdReady{7}, running(0));
  EXPECT_EQ(watched.state(), link::State::Watched);
  EXPECT_EQ(watched.effects(), 0u);
}

TEST(CoordinatorLink, WithNoticesAStopOfOneThatDidNotSpeakWaitsForThem) {
  Bench bench;
  bench.send(0);
  bench.tell(link::Stop{0, false}, waiting(0));
  bench.tell(link::Changed{}, waiting(0));
  bench.tell(link::ReadDone{}, waiting(0));
  EXPECT_FALSE(bench.armed());
}

TEST(CoordinatorLink, TheReaderIsKeptOnlyUntilRunning) {
  const std::pair<ProcessState, bool> kept[] = {
      {ProcessState::Forked, true}, {ProcessState::Running, false}, {ProcessState::Success, false}};
  for (const auto& [state, is_kept] : kept) {
    Bench bench;
    bench.run_one(0);
    bench.tell(link::Changed{}, running(0));
    bench.tell(link::ReadDone{}, {!is_terminal(state), 0, state, kCoordinator, false});
    EXPECT_EQ(bench.wants<link::CloseReader>() == nullptr, is_kept);
  }
}

TEST(CoordinatorLink, ARunThatOnlyWaitsBesideTheStreamIsLeftToTheRunner) {
  Bench bench;
  bench.go_to(link::State::Beside);
  bench.tell(link::ReadDone{}, waiting(0));
  EXPECT_TRUE(bench.link().idle());
}

TEST(CoordinatorLink, WhatRunsInThisBootIsNotWarnedOfAfterAReboot) {
  Bench bench;
  bench.tell(link::Adopt{true}, running(0));
  bench.tell(link::ReadDone{}, running(0));
  EXPECT_EQ(bench.wants<link::WarnRestarted>(), nullptr);
  EXPECT_NE(bench.wants<link::OpenPidfd>(), nullptr);
}

TEST(CoordinatorLink, AStopOfTheRunUnderWayLeavesTheDeferredOne) {
  Bench bench;
  bench.run_one(0);
  bench.tell(link::Start{{0, 1, 5}}, waiting(1));
  bench.tell(link::Stop{0, false}, waiting(1));
  EXPECT_EQ(bench.wants<link::TellCancelled>(), nullptr);
  EXPECT_NE(bench.wants<link::Send>(), nullptr);
  bench.tell(link::ChildGone{0}, waiting(1));
  bench.tell(link::ReadDone{}, waiting(1));
  EXPECT_NE(bench.wants<link::TryLock>(), nullptr);
}

TEST(CoordinatorLink, PatienceIsNotRenewedByAskingAgain) {
  Bench bench(false);
  bench.send(0);
  bench.tell(link::Stop{0, true}, waiting(0));
  const Microseconds asked = bench.now;
  bench.now += kSecond / 100;
  bench.tell(link::Timer{}, waiting(0));  // a look comes before
  EXPECT_EQ(bench.wants<link::ReplaceServer>(), nullptr);
  bench.tell(link::ReadDone{}, waiting(0));
  bench.tell(link::Stop{0, true}, waiting(0));
  bench.now = asked + 5 * kSecond;
  bench.tell(link::Timer{}, waiting(0));
  EXPECT_NE(bench.wants<link::ReplaceServer>(), nullptr);
}

// Its stream can't be read while it is to die: whichever comes first.
TEST(CoordinatorLink, TheEarlierOfTwoTimesIsAskedFor) {
  Bench bench;
  bench.run_one(0);
  bench.tell(link::Stop{0, true}, running(0));
  const Microseconds kill_at = *bench.armed();
  bench.tell(link::Changed{}, running(0));
  bench.tell(link::ReadDone{true}, running(0));
  EXPECT_LT(*bench.armed(), kill_at);
  bench.now = *bench.armed();
  bench.tell(link::Timer{}, running(0));
  EXPECT_EQ(bench.wants<link::Send>(), nullptr);
  EXPECT_EQ(bench.armed(), kill_at);
  bench.now = kill_at - 1;
  bench.tell(link::ReadDone{true}, running(0));
  EXPECT_EQ(bench.armed(), kill_at);
}

}  // namespace
}  // namespace thermos
