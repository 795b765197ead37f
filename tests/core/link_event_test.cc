#include "core/runner/link_event.h"

#include <gtest/gtest.h>

#include <variant>

namespace thermos {
namespace {

TEST(LinkEvent, IsWhatTheLinkOfTheProcessIsTold) {
  const auto start = link_event_of(StartProcess{3, 1, 7, TaskState::Success});
  ASSERT_TRUE(start);
  EXPECT_EQ(start->process, 3U);
  EXPECT_EQ(link::as<link::Start>(start->event).start.seq, 7U);

  const auto terminate = link_event_of(Terminate{2, 5, 12});
  ASSERT_TRUE(terminate);
  EXPECT_EQ(terminate->process, 2U);
  const auto& soft = link::as<link::Stop>(terminate->event);
  EXPECT_EQ(soft.run, 5U);
  EXPECT_FALSE(soft.hard);
  EXPECT_EQ(soft.signal, 12);

  const auto kill = link_event_of(Kill{2, 5});
  ASSERT_TRUE(kill);
  const auto& hard = link::as<link::Stop>(kill->event);
  EXPECT_EQ(hard.run, 5U);
  EXPECT_TRUE(hard.hard);

  const auto look = link_event_of(Look{4});
  ASSERT_TRUE(look);
  EXPECT_EQ(look->process, 4U);
  EXPECT_TRUE(std::holds_alternative<link::Changed>(look->event));
}

TEST(LinkEvent, IsNothingForWhatIsForNoLink) {
  EXPECT_FALSE(link_event_of(Sweep{1, 0}));
  EXPECT_FALSE(link_event_of(SetTimer{}));
  EXPECT_FALSE(link_event_of(Finish{}));
  EXPECT_FALSE(link_event_of(StandDown{}));
}

}  // namespace
}  // namespace thermos
