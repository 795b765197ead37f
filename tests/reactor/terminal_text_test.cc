#include "reactor/cli/terminal_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace thermos {
namespace {

TEST(Printable, LeavesTextThatATerminalShows) {
  EXPECT_EQ(printable("plain text, 'quoted' \\ too"), "plain text, 'quoted' \\ too");
  EXPECT_EQ(printable("größe 日本語 🎉"), "größe 日本語 🎉");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, WritesOutWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(printable(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u{9b}31m");  // CSI as one character
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "txt"),
            "\\u{202e}txt");  // right-to-left override
}

TEST(Printable, WritesOutBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("\xe6\x97"), "\\xe6\\x97");           // cut short
}

TEST(Width, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("größe"), 5U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);  // a combining accent
}

TEST(Width, CutsToColumns) {
  EXPECT_EQ(cut_end("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_end("abcdef", 5), "abcd…");
  EXPECT_EQ(cut_end("日本語", 5), "日本…");
  EXPECT_EQ(cut_end("日本語", 4), "日…");
  EXPECT_EQ(cut_end("abc", 1), "…");
  EXPECT_EQ(cut_end("abc", 0), "");
  EXPECT_EQ(cut_start("/a/long/path", 7), "…g/path");
  EXPECT_EQ(cut_start("日本語", 4), "…語");
  EXPECT_EQ(cut_start("abc", 3), "abc");
  for (std::size_t width = 0; width < 12; ++width) {
    EXPECT_LE(display_width(cut_end("x日本語yz日本", width)), width);
    EXPECT_LE(display_width(cut_start("x日本語yz日本", width)), width);
  }
}

TEST(Width, Pads) {
  EXPECT_EQ(pad_right("日", 4), "日  ");
  EXPECT_EQ(pad_left("7", 3), "  7");
  EXPECT_EQ(pad_right("long", 2), "long");
}

TEST(Durations, AreShortAndNeverRoundedUp) {
  EXPECT_EQ(duration_text(0), "0.000s");
  EXPECT_EQ(duration_text(-5), "0.000s");
  EXPECT_EQ(duration_text(1'999'999), "1.999s");
  EXPECT_EQ(duration_text(9'999'999), "9.999s");
  EXPECT_EQ(duration_text(10 * kSecond), "10.0s");
  EXPECT_EQ(duration_text(59'999'999), "59.9s");
  EXPECT_EQ(duration_text(60 * kSecond), "1m00s");
  EXPECT_EQ(duration_text(3599 * kSecond), "59m59s");
  EXPECT_EQ(duration_text(3600 * kSecond), "1h00m");
  EXPECT_EQ(duration_text(100 * 3600 * kSecond), "4d04h");
}

TEST(Durations, SettingsAreSecondsWithoutTail) {
  EXPECT_EQ(in_seconds(5 * kSecond), "5 s");
  EXPECT_EQ(in_seconds(250'000), "0.25 s");
  EXPECT_EQ(in_seconds(0), "0 s");
  EXPECT_EQ(in_seconds(100 * kSecond + 1), "100.000001 s");
}

TEST(ReturnCodes, AreExitsOrSignals) {
  EXPECT_EQ(return_code_text(0), "exit 0");
  EXPECT_EQ(return_code_text(255), "exit 255");
  EXPECT_EQ(return_code_text(-9), "signal 9 (SIGKILL)");
  EXPECT_EQ(return_code_text(-63), "signal 63");
  EXPECT_EQ(return_code_text(-2147483647 - 1), "signal 2147483648");
}

class Clock : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

TEST_F(Clock, ShowsLocalTimes) {
  constexpr Microseconds kTime = 1'767'323'045'678'901;
  constexpr Microseconds kDay = 24 * 3600 * kSecond;
  EXPECT_EQ(clock_text(kTime), "03:04:05.678");
  EXPECT_EQ(timestamp_text(kTime), "2026-01-02 03:04:05.678901");
  EXPECT_EQ(stamp_text(kTime), "20260102-030405.678901");
  EXPECT_EQ(since_text(kTime, kTime + kDay - 1), "03:04:05");
  EXPECT_EQ(since_text(kTime, kTime + kDay), "2026-01-02");
}

TEST(DidYouMean, NamesOnlyWhatIsNear) {
  EXPECT_NE(did_you_mean("stauts", {"run", "status"}).find("'status'"), std::string::npos);
  EXPECT_EQ(did_you_mean("xyzzy", {"run", "status"}), "");
}

}  // namespace
}  // namespace thermos
