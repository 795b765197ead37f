#include "core/base/seconds.h"

#include <gtest/gtest.h>

namespace thermos {
namespace {

TEST(Durations, AreSumsOfPartsWithUnits) {
  EXPECT_EQ(duration_from("20m"), 1200 * kSecond);
  EXPECT_EQ(duration_from("1h30m"), 5400 * kSecond);
  EXPECT_EQ(duration_from("1.5h"), 5400 * kSecond);
  EXPECT_EQ(duration_from("500ms"), kSecond / 2);
  EXPECT_EQ(duration_from("2d3h4m5s6ms"), (2 * 86'400 + 3 * 3600 + 4 * 60 + 5) * kSecond + 6000);
  EXPECT_EQ(duration_from("0s"), 0);
}

TEST(Durations, AreNothingElse) {
  for (const char* text : {"", "5", "m", "20 m", "20m ", "-1s", "1w", "1h30", "nan", "nans", "infs",
                           "1e3s", "20000d", "1h-1m", ".s", "0x5s"}) {
    EXPECT_FALSE(duration_from(text)) << text;
  }
}

}  // namespace
}  // namespace thermos
