#include "core/record/usage.h"

#include <gtest/gtest.h>

#include <limits>

namespace thermos {
namespace {

constexpr std::int64_t kMebibyte = std::int64_t{1024} * 1024;

TEST(Usage, AsText) {
  EXPECT_EQ(usage_text({}), "");
  EXPECT_EQ(usage_text({200'000, 1'004'000, 34 * kMebibyte}), "1.204s of CPU, 34 MiB at most");
  EXPECT_EQ(usage_text({0, 0, -1}), "0.000s of CPU");
  EXPECT_EQ(usage_text({-1, 5, 3 * kMebibyte / 2}), "1.5 MiB at most");
  EXPECT_EQ(usage_text({std::numeric_limits<Microseconds>::max(), 1, 0}), "106751991d04h of CPU");
}

TEST(Usage, TimesAddUpAndTheLargestPeakCounts) {
  UsageTotals totals;
  EXPECT_FALSE(totals.known());
  totals.add(Usage());
  totals.add(Usage{-1, 7, 0});
  EXPECT_EQ(totals, UsageTotals());
  totals.add(Usage{1, 2, 300});
  totals.add(Usage{10, 20, 30});
  EXPECT_EQ(totals, (UsageTotals{11, 22, 300}));
  EXPECT_TRUE(totals.known());
  UsageTotals others{100, 200, 400};
  others.add(totals);
  EXPECT_EQ(others, (UsageTotals{111, 222, 400}));
  for (const UsageTotals& one :
       {UsageTotals{1, 0, 0}, UsageTotals{0, 1, 0}, UsageTotals{0, 0, 1}}) {
    EXPECT_TRUE(one.known());
  }
}

}  // namespace
}  // namespace thermos
