#include "core/base/histogram.h"

#include <gtest/gtest.h>

#include <array>

namespace thermos {
namespace {

constexpr std::array<Microseconds, 3> kBounds = {10, 100, 1000};

TEST(Histogram, CountsWhatIsUpToEachBound) {
  Histogram histogram(kBounds);
  for (const Microseconds value : {0, 10, 11, 100, 999, 1000, 1001, 5000}) histogram.observe(value);
  EXPECT_EQ(histogram.up_to(0), 2U);
  EXPECT_EQ(histogram.up_to(1), 4U);
  EXPECT_EQ(histogram.up_to(2), 6U);
  EXPECT_EQ(histogram.count(), 8U);
  EXPECT_EQ(histogram.sum(), 8121);
}

TEST(Histogram, ANegativeDurationIsNone) {
  Histogram histogram(kBounds);
  histogram.observe(-5);
  EXPECT_EQ(histogram.up_to(0), 1U);
  EXPECT_EQ(histogram.sum(), 0);
}

}  // namespace
}  // namespace thermos
