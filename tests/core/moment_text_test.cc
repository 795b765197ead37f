#include "core/base/moment_text.h"

#include <gtest/gtest.h>

#include <string>

#include "days.h"

namespace thermos {
namespace {

// 2026-11-27 10:00:00 UTC, a Friday.
constexpr Microseconds kNow = 1'795'773'600 * kSecond;
constexpr Microseconds kMidnight = kNow - 10 * kHour;

// A zone two hours east of UTC, in which the clock was put forward from 01:00 to 02:00 that day.
LocalZone zone() {
  LocalZone zone;
  zone.civil = [](Microseconds /*wall*/) { return CivilTime{2026, 11, 27, 12, 0, 0}; };
  zone.wall = [](const CivilTime& time) -> std::optional<Microseconds> {
    if (time.hour == 1) return std::nullopt;
    return kMidnight + (time.day - 27) * 24 * kHour + (time.hour - 2) * kHour +
           time.minute * 60 * kSecond + time.second;
  };
  return zone;
}

std::string refusal_of(std::string_view text) {
  const Result<Microseconds> moment = moment_from(text, kNow, zone());
  if (moment) return "none: " + std::to_string(*moment - kNow);
  EXPECT_EQ(moment.error().code, ErrorCode::Usage);
  return moment.error().message;
}

Microseconds ago(std::string_view text) {
  const Result<Microseconds> moment = moment_from(text, kNow, zone());
  EXPECT_TRUE(moment.ok()) << moment.error().message;
  return moment ? kNow - *moment : -1;
}

TEST(Moment, IsGivenInManyWays) {
  EXPECT_EQ(ago("now"), 0);
  EXPECT_EQ(ago("-5m"), 300 * kSecond);
  EXPECT_EQ(ago("-1h30m"), 5400 * kSecond);
  EXPECT_EQ(ago("-0s"), 0);
  EXPECT_EQ(ago("1795773600"), 0);
  EXPECT_EQ(ago("1795773599.25"), kSecond * 3 / 4);
  EXPECT_EQ(ago("2026-11-27T10:00:00Z"), 0);
  EXPECT_EQ(ago("2026-11-27 09:59Z"), 60 * kSecond);
  EXPECT_EQ(ago("2026-11-27T09:59:59.5Z"), kSecond / 2);
  EXPECT_EQ(ago("2026-11-27T11:00:00+01:00"), 0);
  EXPECT_EQ(ago("2026-11-27T04:30:00-0530"), 0);
  EXPECT_EQ(ago("2026-11-27T11:00:00+01"), 0);
  // A leap day, and the last moment before one.
  EXPECT_EQ(ago("2024-02-29T10:00:00Z"), kNow - 1'709'200'800 * kSecond);
  EXPECT_EQ(ago("2000-02-28T23:59:59Z"), kNow - 951'782'399 * kSecond);
}

TEST(Moment, WithoutAZoneIsLocal) {
  EXPECT_EQ(ago("12:00"), 0);
  EXPECT_EQ(ago("11:59:30"), 30 * kSecond);
  EXPECT_EQ(ago("11:59:59.75"), kSecond / 4);
  EXPECT_EQ(ago("2026-11-27T12:00"), 0);
  EXPECT_EQ(ago("2026-11-27"), 12 * kHour);
  EXPECT_EQ(ago("2026-11-26T12:00:00"), 24 * kHour);
}

TEST(Moment, ThatCannotBeIsRefused) {
  for (const std::string text : {"24:00", "12:60", "11:59:60", "2026-02-29", "2025-13-01",
                                 "2025-00-10", "2025-01-00", "1969-12-31T00:00:00Z"}) {
    EXPECT_EQ(refusal_of(text), "'" + text + "': there is no such time");
  }
  EXPECT_NE(refusal_of("01:30").find("the clock was put forward over it"), std::string::npos);
  for (const std::string text : {"",
                                 "x",
                                 "-5",
                                 "-",
                                 "--5m",
                                 "5m",
                                 "1:00",
                                 "12:0",
                                 "12:00x",
                                 "12:00:",
                                 "12:00:00.",
                                 "2026-11-2",
                                 "2026-11-27T",
                                 "2026-11-27T12",
                                 "2026-11-27X12:00",
                                 "2026-11-27T12:00:00+",
                                 "2026-11-27T12:00:00+1",
                                 "2026-11-27T12:00:00+25:00",
                                 "2026-11-27T12:00:00+01:99",
                                 "2026-11-27T12:00:00Zx",
                                 "2026/11/27",
                                 "1e9",
                                 "99999999999999999999"}) {
    EXPECT_NE(refusal_of(text).find("this is no time; give 10:00 (today)"), std::string::npos)
        << text << ": " << refusal_of(text);
  }
}

TEST(Moment, OfTheFutureIsRefused) {
  for (const std::string text : {"12:00:01", "2026-11-28", "1795773601", "2030-01-01T00:00:00Z"}) {
    EXPECT_EQ(refusal_of(text), "'" + text + "': this time has not come yet");
  }
}

}  // namespace
}  // namespace thermos
