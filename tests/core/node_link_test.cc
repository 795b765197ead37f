// Every event in every state of a node's link, and the ways between them.
#include "core/runner/node_link.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thermos::node {
namespace {

constexpr std::string_view kEffectNames[] = {"start", "drop", "ask",  "runs", "clean",
                                             "arm",   "up",   "down", "gone", "warn"};

class NodeLinkTest : public ::testing::Test {
 protected:
  // The effects' names, without those of timers.
  std::string tell(const Event& event) {
    std::string names;
    for (const Effect& effect : link_.handle(event, now_)) {
      if (const auto* arm = std::get_if<Arm>(&effect)) {
        at_ = arm->at;
        continue;
      }
      names += (names.empty() ? "" : " ") + std::string(kEffectNames[effect.index()]);
    }
    return names;
  }
  void bring_up() {
    tell(Begin{});
    tell(Welcomed{});
    tell(Told{});
    ASSERT_EQ(link_.state(), State::Up);
  }

  NodeLink link_;
  Microseconds now_ = 1000 * kSecond;
  std::optional<Microseconds> at_;
};

TEST_F(NodeLinkTest, IsUpWhenItHasToldOfItsRuns) {
  EXPECT_EQ(tell(Begin{}), "start");
  EXPECT_EQ(tell(Welcomed{}), "runs");
  EXPECT_EQ(link_.state(), State::Telling);
  EXPECT_EQ(tell(Told{}), "up");
  EXPECT_EQ(link_.failure(), "");
}

TEST_F(NodeLinkTest, APipesEndIsNoDeath) {
  bring_up();
  EXPECT_EQ(tell(Ended{"broken"}), "down warn ask");
  EXPECT_EQ(link_.failure(), "broken");
  EXPECT_EQ(tell(EngineSaid{false, ""}), "");
  ASSERT_TRUE(at_);
  EXPECT_EQ(*at_, now_ + kSecond / 2);
  EXPECT_FALSE(link_.gone());
  EXPECT_EQ(tell(Timer{}), "start");
  EXPECT_FALSE(at_);
  EXPECT_EQ(tell(Welcomed{}), "runs");
  EXPECT_EQ(tell(Told{}), "up");
}

TEST_F(NodeLinkTest, TheEngineSaysThatItIsGone) {
  bring_up();
  tell(Ended{"broken"});
  EXPECT_EQ(tell(EngineSaid{true, "DOWN"}), "gone");
  EXPECT_TRUE(link_.gone());
  EXPECT_EQ(tell(Timer{}), "start");
  // It is told to end what it runs before anything starts there.
  EXPECT_EQ(tell(Welcomed{}), "clean");
  EXPECT_EQ(link_.state(), State::Cleaning);
  EXPECT_EQ(tell(Cleaned{}), "up");
  EXPECT_FALSE(link_.gone());
}

TEST_F(NodeLinkTest, OneThatWasGoneStaysSoUntilItIsClean) {
  tell(Begin{true});
  tell(Welcomed{});
  EXPECT_EQ(tell(Ended{"broken"}), "warn");  // nobody is asked again
  EXPECT_TRUE(link_.gone());
  EXPECT_EQ(link_.state(), State::Resting);
  EXPECT_EQ(tell(Timer{}), "start");
  EXPECT_EQ(tell(Welcomed{}), "clean");
}

TEST_F(NodeLinkTest, APersonSaysSo) {
  bring_up();
  EXPECT_EQ(tell(Called{true, "by hand"}), "drop down gone");
  EXPECT_TRUE(link_.gone());
  EXPECT_EQ(link_.state(), State::Resting);
  EXPECT_EQ(tell(Called{true, "again"}), "");
  EXPECT_EQ(tell(Called{false, "back"}), "start");
}

TEST_F(NodeLinkTest, APersonSaysSoWhileTheEngineIsAsked) {
  bring_up();
  tell(Ended{"broken"});
  EXPECT_EQ(tell(Called{true, "by hand"}), "gone");
  EXPECT_EQ(tell(EngineSaid{true, "late"}), "");
  EXPECT_EQ(tell(EngineSaid{false, "late"}), "");
  EXPECT_TRUE(link_.gone());
}

// Whoever was asked, or was to start it, may never answer.
TEST_F(NodeLinkTest, APersonSaysThatItIsBackWhileTheEngineIsAsked) {
  bring_up();
  tell(Ended{"broken"});
  EXPECT_EQ(link_.state(), State::Asking);
  EXPECT_EQ(tell(Called{false, "back"}), "start");
  EXPECT_EQ(link_.state(), State::Starting);
  EXPECT_EQ(tell(EngineSaid{true, "late"}), "");
  EXPECT_EQ(tell(Welcomed{}), "runs");
}

TEST_F(NodeLinkTest, APersonSaysThatItIsBackWhileItIsStarted) {
  tell(Begin{});
  EXPECT_EQ(tell(Called{false, "back"}), "drop start");
  EXPECT_EQ(link_.state(), State::Starting);
  EXPECT_EQ(tell(Welcomed{}), "runs");
  EXPECT_EQ(tell(Called{false, "back"}), "");  // it is there
  EXPECT_EQ(link_.state(), State::Telling);
}

TEST_F(NodeLinkTest, TriesAreFewerWithTime) {
  tell(Begin{});
  std::vector<Microseconds> waits;
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(tell(Ended{"no route"}), i == 0 ? "warn ask" : "ask");
    tell(EngineSaid{});
    ASSERT_TRUE(at_);
    waits.push_back(*at_ - now_);
    tell(Timer{});
  }
  EXPECT_EQ(waits[0], kSecond / 2);
  EXPECT_EQ(waits[1], kSecond);
  EXPECT_EQ(waits[2], 2 * kSecond);
  EXPECT_EQ(waits[11], 30 * kSecond);
  // One that worked begins anew.
  tell(Welcomed{});
  tell(Told{});
  tell(Ended{"no route"});
  tell(EngineSaid{});
  EXPECT_EQ(*at_ - now_, kSecond / 2);
}

// Whatever comes late, or twice, changes nothing that it has no say in.
TEST_F(NodeLinkTest, WhatCanNotComeIsIgnored) {
  const std::vector<Event> all = {Begin{},   Welcomed{},           Ended{"x"},       Told{},
                                  Cleaned{}, EngineSaid{true, ""}, Called{true, ""}, Timer{}};
  // By state: which of these are heard.
  const std::vector<std::pair<std::vector<Event>, std::string>> states = {
      {{}, "B"},
      {{Begin{}}, "WEC"},
      {{Begin{}, Welcomed{}}, "ETC"},
      {{Begin{true}, Welcomed{}}, "EK"},
      {{Begin{}, Welcomed{}, Told{}}, "EC"},
      {{Begin{}, Ended{"x"}}, "SC"},
      {{Begin{}, Ended{"x"}, EngineSaid{}}, "CM"},
  };
  constexpr std::string_view kKeys = "BWETKSCM";
  for (const auto& [way, heard] : states) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      NodeLink link;
      for (const Event& event : way) link.handle(event, now_);
      const State before = link.state();
      const auto effects = link.handle(all[i], now_);
      const bool taken = !effects.empty() || link.state() != before;
      EXPECT_EQ(taken, heard.find(kKeys[i]) != std::string::npos)
          << "state " << static_cast<int>(before) << " " << kKeys[i];
    }
  }
}

}  // namespace
}  // namespace thermos::node
