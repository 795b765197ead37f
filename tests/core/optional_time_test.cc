#include "core/base/optional_time.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>

namespace thermos {
namespace {

TEST(OptionalTime, HoldsATimeOrNothing) {
  OptionalTime none;
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.has_value());
  EXPECT_EQ(none.value_or({1, 2}), (Timestamp{1, 2}));
  EXPECT_EQ(std::optional<Timestamp>(none), std::nullopt);

  OptionalTime one = Timestamp{3, 4};
  EXPECT_TRUE(one);
  EXPECT_EQ(*one, (Timestamp{3, 4}));
  EXPECT_EQ(one->wall, 3);
  EXPECT_EQ(one.value_or({1, 2}), (Timestamp{3, 4}));
  EXPECT_EQ(std::optional<Timestamp>(one), (Timestamp{3, 4}));
  EXPECT_NE(one, none);
  EXPECT_NE(one, OptionalTime(Timestamp{3, 5}));
  EXPECT_EQ(one, OptionalTime(Timestamp{3, 4}));
  EXPECT_TRUE(OptionalTime(Timestamp{}));
  EXPECT_EQ(sizeof(OptionalTime), sizeof(Timestamp));
}

// What a damaged file may say is a time all the same: a run that it is of has that transition.
TEST(OptionalTime, EveryTimeIsOne) {
  constexpr Microseconds kLeast = std::numeric_limits<Microseconds>::min();
  for (const Timestamp& at :
       {Timestamp{kLeast, kLeast}, Timestamp{kLeast, 0}, Timestamp{0, kLeast}, Timestamp{-1, -1}}) {
    const OptionalTime time = at;
    EXPECT_TRUE(time);
    EXPECT_EQ(OptionalTime(*time), time);
  }
}

}  // namespace
}  // namespace thermos
