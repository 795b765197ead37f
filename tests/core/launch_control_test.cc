// Every event in every state of a launch.
#include "core/runner/launch_control.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace thermos {
namespace {

using State = LaunchState;
using Event = LaunchEvent;
using Act = LaunchAct;

// The shortest way into each state.
LaunchControl in(State state) {
  static const std::array<std::vector<Event>, kLaunchStates> ways = {{
      {},
      {Event::Start},
      {Event::Start, Event::Died},
      {Event::Start, Event::Terminate},
      {Event::Start, Event::Kill},
      {Event::Start, Event::Vanished},
  }};
  LaunchControl control;
  for (const Event event : ways[static_cast<std::size_t>(state)]) {
    EXPECT_TRUE(control.take(event)) << name_of(event);
  }
  EXPECT_EQ(control.state(), state);
  return control;
}

struct Expected {
  State from;
  Event event;
  State to;
  Act act;
};

// All that a launch takes, and what comes of it; the rest it can't take.
const std::vector<Expected>& taken() {
  static const std::vector<Expected> all = {
      {State::Idle, Event::Start, State::Launched, Act::Start},
      {State::Idle, Event::Found, State::Launched, Act::None},
      {State::Idle, Event::Ended, State::Idle, Act::None},

      {State::Launched, Event::Found, State::Launched, Act::None},
      {State::Launched, Event::Forked, State::Launched, Act::None},
      {State::Launched, Event::Died, State::Retrying, Act::AwaitRetry},
      {State::Launched, Event::Short, State::Retrying, Act::AwaitRetry},
      {State::Launched, Event::Terminate, State::Terminating, Act::Terminate},
      {State::Launched, Event::Kill, State::Killing, Act::Kill},
      {State::Launched, Event::Vanished, State::Sweeping, Act::Sweep},
      {State::Launched, Event::Ended, State::Idle, Act::None},

      // Nobody has a run in hand that waits for its next try, so there is nobody to signal.
      {State::Retrying, Event::Found, State::Launched, Act::None},
      {State::Retrying, Event::Died, State::Retrying, Act::AwaitRetry},
      {State::Retrying, Event::Short, State::Retrying, Act::AwaitRetry},
      {State::Retrying, Event::Due, State::Launched, Act::Start},
      {State::Retrying, Event::Terminate, State::Idle, Act::CallOff},
      {State::Retrying, Event::Kill, State::Idle, Act::CallOff},
      {State::Retrying, Event::Ended, State::Idle, Act::None},

      // SIGTERM is sent once, and again only to a coordinator that may not have been there.
      {State::Terminating, Event::Found, State::Terminating, Act::None},
      {State::Terminating, Event::Forked, State::Launched, Act::None},
      {State::Terminating, Event::Died, State::Idle, Act::CallOff},
      {State::Terminating, Event::Short, State::Idle, Act::CallOff},
      {State::Terminating, Event::Terminate, State::Terminating, Act::None},
      {State::Terminating, Event::Kill, State::Killing, Act::Kill},
      {State::Terminating, Event::Vanished, State::Sweeping, Act::Sweep},
      {State::Terminating, Event::Ended, State::Idle, Act::None},

      {State::Killing, Event::Found, State::Killing, Act::None},
      {State::Killing, Event::Forked, State::Launched, Act::None},
      {State::Killing, Event::Died, State::Idle, Act::CallOff},
      {State::Killing, Event::Short, State::Idle, Act::CallOff},
      {State::Killing, Event::Terminate, State::Killing, Act::None},
      {State::Killing, Event::Kill, State::Killing, Act::None},
      {State::Killing, Event::Vanished, State::Sweeping, Act::Sweep},
      {State::Killing, Event::Ended, State::Idle, Act::None},

      // What is swept dies by that.
      {State::Sweeping, Event::Found, State::Sweeping, Act::None},
      {State::Sweeping, Event::Terminate, State::Sweeping, Act::None},
      {State::Sweeping, Event::Kill, State::Sweeping, Act::None},
      {State::Sweeping, Event::Ended, State::Idle, Act::None},
  };
  return all;
}

const Expected* expected(State from, Event event) {
  for (const Expected& e : taken()) {
    if (e.from == from && e.event == event) return &e;
  }
  return nullptr;
}

TEST(LaunchControl, TakesWhatTheTableSaysInEveryState) {
  for (std::size_t s = 0; s < kLaunchStates; ++s) {
    for (std::size_t e = 0; e < kLaunchEvents; ++e) {
      const auto from = static_cast<State>(s);
      const auto event = static_cast<Event>(e);
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
    const LaunchControl control = in(static_cast<State>(s));
    SCOPED_TRACE(name_of(control.state()));
    EXPECT_EQ(control.launched(), launched_and_told[s].first);
    EXPECT_EQ(control.told_to_end(), launched_and_told[s].second);
  }
}

// Lets a launch come to nothing by `event`; how long it waits for its next try.
Microseconds wait_after(LaunchControl& control, Event event) {
  EXPECT_EQ(control.take(event), Act::AwaitRetry);
  const Microseconds wait = control.retry_wait();
  EXPECT_EQ(control.take(Event::Due), Act::Start);
  return wait;
}

TEST(LaunchControl, OneThatDiedIsTriedAgainAtOnceAndThenEverMoreSlowly) {
  LaunchControl control = in(State::Launched);
  EXPECT_EQ(wait_after(control, Event::Died), 0);
  EXPECT_EQ(wait_after(control, Event::Died), kSecond / 10);
  EXPECT_EQ(wait_after(control, Event::Died), 2 * kSecond / 10);
  EXPECT_EQ(wait_after(control, Event::Died), 4 * kSecond / 10);
  for (int i = 0; i < 3; ++i) wait_after(control, Event::Died);
  EXPECT_EQ(wait_after(control, Event::Died), 5 * kSecond);
  EXPECT_EQ(wait_after(control, Event::Died), 5 * kSecond);
}

TEST(LaunchControl, AShortageIsNeverTriedAgainAtOnce) {
  LaunchControl control = in(State::Launched);
  EXPECT_EQ(wait_after(control, Event::Short), kSecond / 10);
  EXPECT_EQ(wait_after(control, Event::Short), 2 * kSecond / 10);
}

TEST(LaunchControl, TheNextRunBeginsToCountAnew) {
  LaunchControl control = in(State::Launched);
  wait_after(control, Event::Short);
  ASSERT_TRUE(control.take(Event::Ended));
  ASSERT_TRUE(control.take(Event::Start));
  EXPECT_EQ(wait_after(control, Event::Died), 0);
}

}  // namespace
}  // namespace thermos
