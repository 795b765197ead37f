#include "reactor/observe/event_ring.h"

#include <gtest/gtest.h>

#include <string>

namespace thermos::observe {
namespace {

constexpr std::size_t kRoomy = 1 << 20;

TEST(EventRing, NumbersEvents) {
  EventRing ring("ab", kRoomy);
  EXPECT_EQ(ring.position(), "ab-0");
  EXPECT_EQ(ring.text(0), nullptr);
  EXPECT_EQ(ring.text(1), nullptr);
  EXPECT_EQ(ring.add("task", "{}"), 1U);
  EXPECT_EQ(ring.position(), "ab-1");
  ASSERT_NE(ring.text(1), nullptr);
  EXPECT_EQ(*ring.text(1), "event: task\nid: ab-1\ndata: {}\n\n");
  EXPECT_EQ(ring.text(2), nullptr);
  EXPECT_EQ(ring.text(0), nullptr);
}

TEST(EventRing, KnowsWhoseEventsAreAllThere) {
  EventRing ring("ab", kRoomy);
  for (int i = 0; i < 5; ++i) ring.add("task", "{}");
  for (std::uint64_t number = 0; number <= 5; ++number) {
    EXPECT_EQ(ring.behind("ab-" + std::to_string(number)), number);
  }
  for (const char* other : {"", "ab", "ab-", "ab-6", "ab--1", "ab-1x", "ac-1", "abc-1", "xab-1",
                            "ab-99999999999999999999", "-1", "ab-+1", "ab- 1"}) {
    EXPECT_FALSE(ring.behind(other)) << other;
  }
}

TEST(EventRing, KeepsTheLatest) {
  EventRing ring("e", 200);
  for (int i = 0; i < 100; ++i) ring.add("task", "0123456789");
  EXPECT_FALSE(ring.behind("e-0"));
  EXPECT_FALSE(ring.behind("e-90"));
  EXPECT_TRUE(ring.behind("e-99"));
  EXPECT_TRUE(ring.behind("e-100"));
  EXPECT_EQ(ring.text(1), nullptr);
  EXPECT_NE(ring.text(100), nullptr);
  // What is behind a position that is good can be had.
  for (std::uint64_t number = 0; number < 100; ++number) {
    const bool good = ring.behind(ring.position(number)).has_value();
    EXPECT_EQ(good, ring.text(number + 1) != nullptr) << number;
  }
}

TEST(EventRing, KeepsAnEventThatIsLargerThanItself) {
  EventRing ring("e", 10);
  ring.add("task", std::string(1000, 'x'));
  EXPECT_NE(ring.text(1), nullptr);
  ring.add("task", "y");
  EXPECT_EQ(ring.text(1), nullptr);
}

// A reader may hold what it sends while the ring goes on.
TEST(EventRing, LendsTextsThatOutliveTheirPlace) {
  EventRing ring("e", 10);
  ring.add("task", "first");
  const auto text = ring.text(1);
  ring.add("task", "second");
  EXPECT_EQ(*text, "event: task\nid: e-1\ndata: first\n\n");
}

TEST(EventRing, LetsNoDataEndItsEvent) {
  EXPECT_EQ(server_sent("k", "i", "a\n\nevent: forged"),
            "event: k\nid: i\ndata: a\ndata: \ndata: event: forged\n\n");
}

}  // namespace
}  // namespace thermos::observe
