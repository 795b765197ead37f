#include "core/base/signal.h"

#include <csignal>

#include <gtest/gtest.h>

namespace thermos {
namespace {

TEST(SignalName, IsReadAsItIsWritten) {
  for (std::uint8_t number = 1; number <= kLastSignal; ++number) {
    const std::string name = name_of(SignalNumber{number});
    ASSERT_TRUE(signal_from(name)) << name;
    EXPECT_EQ(signal_from(name)->number, number) << name;
    EXPECT_EQ(signal_from(std::to_string(number))->number, number);
  }
  EXPECT_EQ(name_of(SignalNumber()), "TERM");
  EXPECT_EQ(name_of(SignalNumber{static_cast<std::uint8_t>(SIGRTMIN)}), "RTMIN");
}

TEST(SignalName, IsTheMachines) {
  const auto expect = [](std::string_view text, int number) {
    ASSERT_TRUE(signal_from(text)) << text;
    EXPECT_EQ(signal_from(text)->number, number) << text;
  };
  expect("TERM", SIGTERM);
  expect("SIGINT", SIGINT);
  expect("sigquit", SIGQUIT);
  expect("usr2", SIGUSR2);
  expect("SYS", SIGSYS);
  expect("WINCH", SIGWINCH);
  expect("SIGRTMIN+3", SIGRTMIN + 3);
  expect("9", SIGKILL);
}

TEST(SignalName, OthersAreNone) {
  for (const char* text : {"", "0", "65", "-1", "SIG", "TERMS", "SIGSIGTERM", "RTMIN+31", "RTMIN-1",
                           "RTMIN+", "RTMIN3", "15 ", "1e1", "RTMIN+99999999999"}) {
    EXPECT_FALSE(signal_from(text)) << text;
  }
  EXPECT_EQ(nearest_signal("SIGTREM"), ", did you mean 'TERM'?");
}

}  // namespace
}  // namespace thermos
