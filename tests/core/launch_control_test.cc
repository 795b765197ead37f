// Every event in every state of a launch.
#include "core/runner/launch_control.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace thermos {
namespace {

// The shortest way into each state.
LaunchControl in(LaunchState state) {
  static const std::array<std::vector<LaunchEvent>, kLaunchStates> ways = {{
      {},
      {LaunchEvent::Start},
      {LaunchEvent::Start, LaunchEvent::Died},
      {LaunchEvent::Start, LaunchEvent::Terminate},
      {LaunchEvent::Start, LaunchEvent::Kill},
      {LaunchEvent::Start, LaunchEvent::Vanished},
  }};
  LaunchControl control;
  for (const LaunchEvent event : ways[static_cast<std::size_t>(state)]) {
    EXPECT_TRUE(control.take(event)) << name_of(event);
  }
  EXPECT_EQ(control.state(), state);
  return control;
}

struct Expected {
  LaunchState from;
  LaunchEvent event;
  LaunchState to;
  LaunchAct act;
};

// All that a launch takes, and what comes of it; the rest it can't take.
const std::vector<Expected>& taken() {
  static const std::vector<Expected> all = {
      {LaunchState::Idle, LaunchEvent::Start, LaunchState::Launched, LaunchAct::Start},
      {LaunchState::Idle, LaunchEvent::Found, LaunchState::Launched, LaunchAct::None},
      {LaunchState::Idle, LaunchEvent::Ended, LaunchState::Idle, LaunchAct::None},

      {LaunchState::Launched, LaunchEvent::Found, LaunchState::Launched, LaunchAct::None},
      {LaunchState::Launched, LaunchEvent::Forked, LaunchState::Launched, LaunchAct::None},
      {LaunchState::Launched, LaunchEvent::Died, LaunchState::Retrying, LaunchAct::AwaitRetry},
      {LaunchState::Launched, LaunchEvent::Short, LaunchState::Retrying, LaunchAct::AwaitRetry},
      {LaunchState::Launched, LaunchEvent::Terminate, LaunchState::Terminating,
       LaunchAct::Terminate},
      {LaunchState::Launched, LaunchEvent::Kill, LaunchState::Killing, LaunchAct::Kill},
      {LaunchState::Launched, LaunchEvent::Vanished, LaunchState::Sweeping, LaunchAct::Sweep},
      {LaunchState::Launched, LaunchEvent::Ended, LaunchState::Idle, LaunchAct::None},

      // Nobody has a run in hand that waits for its next try, so there is nobody to signal.
      {LaunchState::Retrying, LaunchEvent::Found, LaunchState::Launched, LaunchAct::None},
      {LaunchState::Retrying, LaunchEvent::Died, LaunchState::Retrying, LaunchAct::AwaitRetry},
      {LaunchState::Retrying, LaunchEvent::Short, LaunchState::Retrying, LaunchAct::AwaitRetry},
      {LaunchState::Retrying, LaunchEvent::Due, LaunchState::Launched, LaunchAct::Start},
      {LaunchState::Retrying, LaunchEvent::Terminate, LaunchState::Idle, LaunchAct::CallOff},
      {LaunchState::Retrying, LaunchEvent::Kill, LaunchState::Idle, LaunchAct::CallOff},
      {LaunchState::Retrying, LaunchEvent::Ended, LaunchState::Idle, LaunchAct::None},

      // SIGTERM is sent once, and again only to a coordinator that may not have been there.
      {LaunchState::Terminating, LaunchEvent::Found, LaunchState::Terminating, LaunchAct::None},
      {LaunchState::Terminating, LaunchEvent::Forked, LaunchState::Launched, LaunchAct::None},
      {LaunchState::Terminating, LaunchEvent::Died, LaunchState::Idle, LaunchAct::CallOff},
      {LaunchState::Terminating, LaunchEvent::Short, LaunchState::Idle, LaunchAct::CallOff},
      {LaunchState::Terminating, LaunchEvent::Terminate, LaunchState::Terminating, LaunchAct::None},
      {LaunchState::Terminating, LaunchEvent::Kill, LaunchState::Killing, LaunchAct::Kill},
      {LaunchState::Terminating, LaunchEvent::Vanished, LaunchState::Sweeping, LaunchAct::Sweep},
      {LaunchState::Terminating, LaunchEvent::Ended, LaunchState::Idle, LaunchAct::None},

      {LaunchState::Killing, LaunchEvent::Found, LaunchState::Killing, LaunchAct::None},
      {LaunchState::Killing, LaunchEvent::Forked, LaunchState::Launched, LaunchAct::None},
      {LaunchState::Killing, LaunchEvent::Died, LaunchState::Idle, LaunchAct::CallOff},
      {LaunchState::Killing, LaunchEvent::Short, LaunchState::Idle, LaunchAct::CallOff},
      {LaunchState::Killing, LaunchEvent::Terminate, LaunchState::Killing, LaunchAct::None},
      {LaunchState::Killing, LaunchEvent::Kill, LaunchState::Killing, LaunchAct::None},
      {LaunchState::Killing, LaunchEvent::Vanished, LaunchState::Sweeping, LaunchAct::Sweep},
      {LaunchState::Killing, LaunchEvent::Ended, LaunchState::Idle, LaunchAct::None},

      // What is swept dies by that.
      {LaunchState::Sweeping, LaunchEvent::Found, LaunchState::Sweeping, LaunchAct::None},
      {LaunchState::Sweeping, LaunchEvent::Terminate, LaunchState::Sweeping, LaunchAct::None},
      {LaunchState::Sweeping, LaunchEvent::Kill, LaunchState::Sweeping, LaunchAct::None},
      {LaunchState::Sweeping, LaunchEvent::Ended, LaunchState::Idle, LaunchAct::None},
  };
  return all;
}

const Expected* expected(LaunchState from, LaunchEvent event) {
  for (const Expected& e : taken()) {
    if (e.from == from && e.event == event) return &e;
  }
  return nullptr;
}

TEST(LaunchControl, TakesWhatTheTableSaysInEveryState) {
  for (std::size_t s = 0; s < kLaunchStates; ++s) {
    for (std::size_t e = 0; e < kLaunchEvents; ++e) {
      const auto from = static_cast<LaunchState>(s);
      const auto event = static_cast<LaunchEvent>(e);
      SCOPED_TRACE(std::string(name_of(event)) + " in " + std::string(name_of(from)));
      LaunchControl control = in(from);
      const auto act = control.take(event);
      const Expected* wanted = expected(from, event);
      ASSERT_EQ(act.has_value(), wanted != nullptr);
      EXPECT_EQ(control.state(), wanted == nullptr ? from : wanted->to);
      if (wanted != nullptr) {
        EXPECT_EQ(*act, wanted->act);
      }
    }
  }
}

TEST(LaunchControl, SaysWhoHasTheRun) {
  const std::array<std::pair<bool, bool>, kLaunchStates> launched_and_told = {
      {{false, false}, {true, false}, {false, false}, {true, true}, {true, true}, {true, false}}};
  for (std::size_t s = 0; s < kLaunchStates; ++s) {
    const LaunchControl control = in(static_cast<LaunchState>(s));
    SCOPED_TRACE(name_of(control.state()));
    EXPECT_EQ(control.launched(), launched_and_told[s].first);
    EXPECT_EQ(control.told_to_end(), launched_and_told[s].second);
  }
}

// Lets a launch come to nothing by `event`; how long it waits for its next try.
Microseconds wait_after(LaunchControl& control, LaunchEvent event) {
  EXPECT_EQ(control.take(event), LaunchAct::AwaitRetry);
  const Microseconds wait = control.retry_wait();
  EXPECT_EQ(control.take(LaunchEvent::Due), LaunchAct::Start);
  return wait;
}

TEST(LaunchControl, OneThatDiedIsTriedAgainAtOnceAndThenEverMoreSlowly) {
  LaunchControl control = in(LaunchState::Launched);
  EXPECT_EQ(wait_after(control, LaunchEvent::Died), 0);
  EXPECT_EQ(wait_after(control, LaunchEvent::Died), kSecond / 10);
  EXPECT_EQ(wait_after(control, LaunchEvent::Died), 2 * kSecond / 10);
  EXPECT_EQ(wait_after(control, LaunchEvent::Died), 4 * kSecond / 10);
  for (int i = 0; i < 3; ++i) wait_after(control, LaunchEvent::Died);
  EXPECT_EQ(wait_after(control, LaunchEvent::Died), 5 * kSecond);
  EXPECT_EQ(wait_after(control, LaunchEvent::Died), 5 * kSecond);
}

TEST(LaunchControl, AShortageIsNeverTriedAgainAtOnce) {
  LaunchControl control = in(LaunchState::Launched);
  EXPECT_EQ(wait_after(control, LaunchEvent::Short), kSecond / 10);
  EXPECT_EQ(wait_after(control, LaunchEvent::Short), 2 * kSecond / 10);
}

TEST(LaunchControl, TheNextRunBeginsToCountAnew) {
  LaunchControl control = in(LaunchState::Launched);
  wait_after(control, LaunchEvent::Short);
  ASSERT_TRUE(control.take(LaunchEvent::Ended));
  ASSERT_TRUE(control.take(LaunchEvent::Start));
  EXPECT_EQ(wait_after(control, LaunchEvent::Died), 0);
}

}  // namespace
}  // namespace thermos
