#include "core/runner/coordinator_link.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "link_bench.h"

namespace thermos {
namespace {

constexpr std::array kAllStates = {
    link::State::Idle,     link::State::Locking,    link::State::Checking, link::State::Handing,
    link::State::Sent,     link::State::Unanswered, link::State::Ours,     link::State::Beside,
    link::State::Adopting, link::State::Found,      link::State::Watched,  link::State::Leaving,
    link::State::Queued};
static_assert(kAllStates.size() == link::kStates);

// One event of each kind, of the run and the clone under way.
std::vector<std::pair<std::string, link::Event>> all_events() {
  return {{"Start", link::Start{{0, 1, 5}}},
          {"Admitted", link::Admitted{}},
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
    {link::State::Queued,
     "Start Admitted Changed Stop (Answered) (ServerDied) (ChildGone) (PidfdReady)"},
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
      LinkBench bench;
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
  LinkBench bench;
  bench.run_one(0);
  bench.tell(link::Start{{0, 1, 5}}, waiting(1));
  EXPECT_EQ(bench.state(), link::State::Ours);
  bench.tell(link::ChildGone{0}, waiting(1));
  bench.tell(link::ReadDone{}, waiting(1));
  // At once: a Stop that is on its way to it must not find nobody, and the run begin behind it.
  EXPECT_NE(bench.wants<link::TellGone>(), nullptr);
  EXPECT_NE(bench.wants<link::Enqueue>(), nullptr);
  EXPECT_EQ(bench.state(), link::State::Queued);
}

TEST(CoordinatorLink, AnAnswerToAnEarlierCloneOfTheRunIsNotThisOnes) {
  LinkBench bench;
  bench.start(0);
  bench.tell(link::LockTaken{}, waiting(0));
  const std::uint64_t first = bench.wants<link::Clone>()->number;
  bench.tell(link::Handed{}, waiting(0));
  // It waits for the next fork server, and comes to nothing there.
  bench.tell(link::ServerDied{}, waiting(0));
  bench.tell(link::ReadDone{}, waiting(0));
  bench.tell(link::LockIs{link::Lock::Free}, waiting(0));
  bench.tell(link::ReadDone{}, waiting(0));
  bench.start(0);
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
  LinkBench bench;
  bench.start(0);
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
  LinkBench bench;
  bench.tell(link::Adopt{true}, waiting(0));
  bench.tell(link::ReadDone{true}, waiting(0));
  bench.tell(link::LockIs{link::Lock::Unknown}, waiting(0));
  bench.now += kSecond;
  bench.tell(link::Timer{}, waiting(0));
  bench.tell(link::Heard{0, kCoordinator}, waiting(0));
  bench.tell(link::ReadDone{}, rebooted);
  EXPECT_EQ(bench.wants<link::OpenPidfd>(), nullptr);
  bench.tell(link::LockIs{link::Lock::Free}, rebooted);
  bench.tell(link::ReadDone{}, rebooted);
  ASSERT_NE(bench.wants<link::TellGone>(), nullptr);
  EXPECT_TRUE(bench.wants<link::TellGone>()->gone.rebooted);
  EXPECT_EQ(bench.state(), link::State::Idle);
}

TEST(CoordinatorLink, LastWordsOfAnotherBootLeaveNothingToSweep) {
  const Known rebooted{true, 0, ProcessState::Forked, kCoordinator, true};
  LinkBench bench;
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
    LinkBench lock;
    lock.go_to(link::State::Locking);
    lock.tell(link::LockFailed{retry, "no descriptor"}, waiting(0));
    LinkBench hand;
    hand.go_to(link::State::Handing);
    hand.tell(link::HandFailed{retry, "no descriptor"}, waiting(0));
    LinkBench clone;
    clone.go_to(link::State::Sent);
    clone.answer(0, retry);
    for (const LinkBench* bench : {&lock, &hand, &clone}) {
      ASSERT_NE(bench->wants<link::TellFailed>(), nullptr);
      EXPECT_EQ(bench->wants<link::TellFailed>()->failed.retry, retry);
      EXPECT_EQ(bench->wants<link::TellFailed>()->failed.run, 0u);
      EXPECT_FALSE(bench->wants<link::TellFailed>()->failed.reason.empty());
      EXPECT_TRUE(bench->link().idle());
    }
  }
}

TEST(CoordinatorLink, WhatTheNextLaunchMeetsAsWellIsTriedAgainHereAndNotByTheRunner) {
  for (const Shortage shortage : {Shortage::Descriptors, Shortage::Pids, Shortage::Memory}) {
    LinkBench lock;
    lock.go_to(link::State::Locking);
    lock.tell(link::LockFailed{true, "none free", shortage}, waiting(0));
    LinkBench hand;
    hand.go_to(link::State::Handing);
    hand.tell(link::HandFailed{true, "none free", shortage}, waiting(0));
    LinkBench clone;
    clone.go_to(link::State::Sent);
    clone.answer(0, true, shortage);
    for (LinkBench* bench : {&lock, &hand, &clone}) {
      EXPECT_EQ(bench->wants<link::TellFailed>(), nullptr);
      ASSERT_NE(bench->wants<link::LaunchOver>(), nullptr);
      EXPECT_EQ(bench->wants<link::LaunchOver>()->shortage, shortage);
      EXPECT_FALSE(bench->wants<link::LaunchOver>()->worked);
      ASSERT_NE(bench->wants<link::Enqueue>(), nullptr);
      EXPECT_TRUE(bench->wants<link::Enqueue>()->again);
      EXPECT_EQ(bench->state(), link::State::Queued);
      // The same launch.
      bench->tell(link::Admitted{}, waiting(0));
      bench->tell(link::LockTaken{}, waiting(0));
      ASSERT_NE(bench->wants<link::Clone>(), nullptr);
      EXPECT_EQ(bench->wants<link::Clone>()->start.run, 0u);
      EXPECT_EQ(bench->wants<link::Clone>()->start.seq, 1u);
    }
  }
}

TEST(CoordinatorLink, AFullDiskIsOneTasksAndTheRunnerTriesAgain) {
  LinkBench bench;
  bench.go_to(link::State::Handing);
  bench.tell(link::HandFailed{true, "no space", Shortage::Disk}, waiting(0));
  ASSERT_NE(bench.wants<link::LaunchOver>(), nullptr);
  EXPECT_EQ(bench.wants<link::LaunchOver>()->shortage, Shortage::Disk);
  ASSERT_NE(bench.wants<link::TellFailed>(), nullptr);
  EXPECT_TRUE(bench.wants<link::TellFailed>()->failed.retry);
  EXPECT_TRUE(bench.link().idle());
}

TEST(CoordinatorLink, AnImpossibleLaunchIsNoShortage) {
  LinkBench bench;
  bench.go_to(link::State::Sent);
  bench.answer(0, false, Shortage::Pids);
  ASSERT_NE(bench.wants<link::LaunchOver>(), nullptr);
  EXPECT_EQ(bench.wants<link::LaunchOver>()->shortage, Shortage::None);
  ASSERT_NE(bench.wants<link::TellFailed>(), nullptr);
}

// The runner waits for an end, and would never start it again.
TEST(CoordinatorLink, ALaunchThatIsToEndIsNotTriedAgain) {
  LinkBench bench;
  bench.send(0);
  bench.tell(link::Stop{0, false}, waiting(0));
  bench.answer(0, true, Shortage::Pids);
  ASSERT_NE(bench.wants<link::TellFailed>(), nullptr);
  EXPECT_EQ(bench.wants<link::Enqueue>(), nullptr);
  EXPECT_TRUE(bench.link().idle());
}

std::string over(LinkBench& bench) {
  const auto* effect = bench.wants<link::LaunchOver>();
  return effect == nullptr ? std::string("no") : effect->worked ? "worked" : "over";
}

TEST(CoordinatorLink, EachAdmittedLaunchIsOverOnce) {
  const Known forked{true, 0, ProcessState::Forked, kCoordinator, false};
  LinkBench answered;
  answered.send(0);
  EXPECT_EQ(over(answered), "no");
  answered.answer(kCoordinator.pid);
  EXPECT_EQ(over(answered), "no");
  answered.tell(link::Changed{}, waiting(0));
  answered.tell(link::Heard{0, kCoordinator}, waiting(0));
  answered.tell(link::ReadDone{}, forked);
  EXPECT_EQ(over(answered), "no");
  answered.tell(link::Changed{}, forked);
  answered.tell(link::ReadDone{}, running(0));
  EXPECT_EQ(over(answered), "worked");
  EXPECT_FALSE(answered.armed());
  answered.tell(link::Changed{}, running(0));
  answered.tell(link::ReadDone{}, running(0));
  EXPECT_EQ(over(answered), "no");
  LinkBench ended;
  ended.send(0);
  ended.answer(kCoordinator.pid);
  ended.tell(link::ChildGone{0}, waiting(0));
  EXPECT_EQ(over(ended), "worked");
  LinkBench heard;
  heard.send(0);
  heard.tell(link::Changed{}, waiting(0));
  heard.tell(link::Heard{0, kCoordinator}, waiting(0));
  heard.tell(link::ReadDone{}, running(0));
  EXPECT_EQ(over(heard), "worked");
  heard.answer(kCoordinator.pid);
  EXPECT_EQ(over(heard), "no");
  LinkBench dead;
  dead.send(0);
  dead.tell(link::ServerDied{}, waiting(0));
  EXPECT_EQ(over(dead), "over");
  dead.tell(link::Heard{0, kCoordinator}, waiting(0));
  dead.tell(link::ReadDone{}, running(0));
  EXPECT_EQ(over(dead), "no");
  // Nobody tells that it runs.
  LinkBench unnoticed(false);
  unnoticed.send(0);
  unnoticed.answer(kCoordinator.pid);
  EXPECT_EQ(over(unnoticed), "worked");
  LinkBench busy;
  busy.go_to(link::State::Locking);
  busy.tell(link::LockBusy{}, waiting(0));
  EXPECT_EQ(over(busy), "over");
  LinkBench known;
  known.go_to(link::State::Checking);
  known.tell(link::ReadDone{}, running(0));
  EXPECT_EQ(over(known), "over");
}

// Its sandbox is on a server that does not answer: others must not wait for it.
TEST(CoordinatorLink, ALaunchThatTakesItsTimeIsOverAfterASecond) {
  LinkBench bench;
  bench.send(0);
  bench.answer(kCoordinator.pid);
  ASSERT_TRUE(bench.armed());
  EXPECT_EQ(*bench.armed() - bench.now, kSecond);
  bench.now = *bench.armed();
  bench.tell(link::Timer{}, waiting(0));
  EXPECT_EQ(over(bench), "worked");
  EXPECT_EQ(bench.state(), link::State::Ours);
  EXPECT_FALSE(bench.armed());
}

TEST(CoordinatorLink, WhatTheStreamHoldsIsReadBeforeItIsCut) {
  LinkBench bench;
  bench.go_to(link::State::Locking);
  bench.tell(link::LockTaken{true}, waiting(0));
  EXPECT_NE(bench.wants<link::Read>(), nullptr);
  EXPECT_EQ(bench.wants<link::Clone>(), nullptr);
  bench.tell(link::ReadDone{}, waiting(0));  // a piece of a record
  EXPECT_NE(bench.wants<link::Clone>(), nullptr);
}

TEST(CoordinatorLink, AStreamThatCannotBeReadIsNotCut) {
  LinkBench bench;
  bench.go_to(link::State::Checking);
  bench.tell(link::ReadDone{true}, waiting(0));
  EXPECT_NE(bench.wants<link::DropLock>(), nullptr);
  ASSERT_NE(bench.wants<link::TellFailed>(), nullptr);
  EXPECT_TRUE(bench.wants<link::TellFailed>()->failed.retry);
}

TEST(CoordinatorLink, ARunThatTheStreamKnowsIsNotStartedAgain) {
  LinkBench live;
  live.go_to(link::State::Checking);
  live.tell(link::ReadDone{}, running(0));  // it ran, nobody holds its lock, and it has no end
  EXPECT_NE(live.wants<link::DropLock>(), nullptr);
  ASSERT_NE(live.wants<link::TellGone>(), nullptr);
  EXPECT_FALSE(live.wants<link::TellGone>()->gone.rebooted);

  for (const Known& known :
       {Known{false, 0, ProcessState::Success, kCoordinator, false}, waiting(1)}) {
    LinkBench over;
    over.go_to(link::State::Checking);
    over.tell(link::ReadDone{}, known);
    EXPECT_NE(over.wants<link::DropLock>(), nullptr);
    EXPECT_EQ(over.wants<link::TellGone>(), nullptr);
    EXPECT_EQ(over.wants<link::Clone>(), nullptr);
    EXPECT_TRUE(over.link().idle());
  }
}

TEST(CoordinatorLink, WhoeverHoldsTheLockIsTheAnswerToALaunch) {
  LinkBench bench;
  bench.go_to(link::State::Locking);
  bench.tell(link::LockBusy{}, waiting(0));
  EXPECT_EQ(bench.state(), link::State::Adopting);
  bench.tell(link::Heard{0, kCoordinator}, waiting(0));
  bench.tell(link::ReadDone{}, running(0));
  EXPECT_NE(bench.wants<link::OpenPidfd>(), nullptr);
}

TEST(CoordinatorLink, ForkedIsAsGoodAsAnAnswer) {
  LinkBench bench;
  bench.send(0);
  bench.tell(link::Changed{}, waiting(0));
  bench.tell(link::Heard{0, kCoordinator}, waiting(0));
  bench.tell(link::ReadDone{}, {true, 0, ProcessState::Forked, kCoordinator, false});
  ASSERT_NE(bench.wants<link::WatchChild>(), nullptr);
  EXPECT_TRUE(bench.wants<link::WatchChild>()->certain);
  EXPECT_EQ(bench.wants<link::WatchChild>()->child, kCoordinator);
  EXPECT_EQ(bench.wants<link::CloseReader>(), nullptr);  // RUNNING is still to come
  EXPECT_TRUE(bench.link().is_our_child());
  bench.answer(kCoordinator.pid);
  EXPECT_EQ(bench.effects(), 0u);
}

TEST(CoordinatorLink, AChildOfADeadForkServerMayHaveBeenReapedBefore) {
  LinkBench bench;
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
  LinkBench bench;
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
  LinkBench bench;
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
    LinkBench bench;
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
  LinkBench bench;
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
  LinkBench bench;
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
    LinkBench bench;
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
    LinkBench bench(notified);
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

// Two machines, or two containers, have two boot ids: who holds the lock runs on.
TEST(CoordinatorLink, WhoHoldsTheLockUnderAnotherBootIdIsWaitedFor) {
  Known elsewhere = running(0);
  elsewhere.other_boot = true;
  LinkBench bench;
  bench.adopt(elsewhere);
  for (int look = 0; look < 3; ++look) {
    bench.tell(link::LockIs{link::Lock::Held}, elsewhere);
    EXPECT_EQ(bench.wants<link::TellGone>(), nullptr);
    // Its pid is another process's here, so nothing signals it.
    for (const bool hard : {false, true}) {
      bench.tell(link::Stop{0, hard}, elsewhere);
      EXPECT_EQ(bench.wants<link::Send>(), nullptr);
    }
    ASSERT_TRUE(bench.armed());
    bench.now = *bench.armed();
    bench.tell(link::Timer{}, elsewhere);
    bench.tell(link::ReadDone{}, elsewhere);
    EXPECT_EQ(bench.wants<link::OpenPidfd>(), nullptr);
  }
  // Its stream has the end of the run when its lock is free.
  bench.tell(link::LockIs{link::Lock::Free}, elsewhere);
  Known ended = elsewhere;
  ended.live = false;
  ended.state = ProcessState::Success;
  bench.tell(link::ReadDone{}, ended);
  EXPECT_TRUE(bench.link().idle());
}

TEST(CoordinatorLink, WhatRanBeforeARebootIsGone) {
  Known rebooted = running(0);
  rebooted.other_boot = true;
  LinkBench bench;
  bench.adopt(rebooted);
  EXPECT_EQ(bench.wants<link::TellGone>(), nullptr);
  bench.tell(link::LockIs{link::Lock::Free}, rebooted);
  bench.tell(link::ReadDone{}, rebooted);
  ASSERT_NE(bench.wants<link::TellGone>(), nullptr);
  EXPECT_TRUE(bench.wants<link::TellGone>()->gone.rebooted);
  EXPECT_TRUE(bench.link().idle());

  rebooted.live = false;  // its stream had the end
  rebooted.state = ProcessState::Success;
  LinkBench ended;
  ended.adopt(rebooted);
  EXPECT_EQ(ended.wants<link::TellGone>(), nullptr);
  EXPECT_TRUE(ended.link().idle());
}

}  // namespace
}  // namespace thermos
