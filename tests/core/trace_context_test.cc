#include "core/record/trace_context.h"

#include <gtest/gtest.h>

#include <set>

namespace thermos {
namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* kSpan = "00f067aa0ba902b7";

std::string joined(const std::string& version, const std::string& trace, const std::string& span,
                   const std::string& flags) {
  return version + "-" + trace + "-" + span + "-" + flags;
}

TEST(TraceParent, IsReadByTheRulesOfTheW3C) {
  const TraceParent parent{kTrace, kSpan};
  EXPECT_EQ(trace_parent_from(joined("00", kTrace, kSpan, "01")), parent);
  EXPECT_EQ(trace_parent_from(joined("00", kTrace, kSpan, "00")), parent);
  EXPECT_EQ(trace_parent_from(joined("00", kTrace, kSpan, "ff")), parent);
  // A later version may have more.
  EXPECT_EQ(trace_parent_from(joined("cc", kTrace, kSpan, "01")), parent);
  EXPECT_EQ(trace_parent_from(joined("cc", kTrace, kSpan, "01-what-comes")), parent);
  EXPECT_EQ(text_of(parent), joined("00", kTrace, kSpan, "01"));
}

TEST(TraceParent, WhatIsNotValidIsNone) {
  const std::string good = joined("00", kTrace, kSpan, "01");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(trace_parent_from(good.substr(0, size)), std::nullopt) << size;
  }
  // Whatever one byte of it becomes that is no lower-case digit or the dash that was there.
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char wrong : {'A', 'F', 'g', ' ', '\0', '_', good[i] == '-' ? '0' : '-'}) {
      std::string text = good;
      text[i] = wrong;
      EXPECT_EQ(trace_parent_from(text), std::nullopt) << text;
    }
  }
  for (const std::string& text :
       {joined("ff", kTrace, kSpan, "01"), joined("00", std::string(32, '0'), kSpan, "01"),
        joined("00", kTrace, std::string(16, '0'), "01"), good + "-more", good + "0", good + " ",
        joined("cc", kTrace, kSpan, "01.more"), joined("cc", kTrace, kSpan, "011"), " " + good}) {
    EXPECT_EQ(trace_parent_from(text), std::nullopt) << text;
  }
}

RunnerHeader a_header() {
  RunnerHeader header;
  header.task_id = "nightly-1";
  header.launch_time = 1'700'000'000'000'001;
  return header;
}

// Other programs may know them by their rule: they must never change. Made with another SHA-256.
TEST(TraceIds, FollowFromTheTaskTheProcessAndTheRun) {
  const TraceIds ids(a_header());
  EXPECT_EQ(ids.trace(), "a9718c18e35b38479cbc333dd29b8bf8");
  EXPECT_EQ(ids.parent(), "");
  EXPECT_EQ(ids.task(), "169e95025f37af6f");
  EXPECT_EQ(ids.process("build"), "0cbb71f14744115c");
  EXPECT_EQ(ids.run("build", 2), "3a5af5af2a1ddf41");
  EXPECT_EQ(ids.wait("build", 2), "a7ea0b8d4f630d92");
}

TEST(TraceIds, AParentGivesItsTraceAndNoSpan) {
  RunnerHeader header = a_header();
  const TraceIds alone(header);
  header.trace_parent = joined("00", kTrace, kSpan, "01");
  const TraceIds ids(header);
  EXPECT_EQ(ids.trace(), kTrace);
  EXPECT_EQ(ids.parent(), kSpan);
  EXPECT_EQ(ids.task(), alone.task());
  header.trace_parent = "none";
  EXPECT_EQ(TraceIds(header).trace(), alone.trace());
  EXPECT_EQ(TraceIds(header).parent(), "");
}

TEST(TraceIds, NoTwoAreTheSame) {
  std::set<std::string> all;
  std::size_t count = 0;
  const auto add = [&](const std::string& id) {
    all.insert(id);
    ++count;
  };
  RunnerHeader header = a_header();
  for (int launch = 0; launch < 2; ++launch) {
    ++header.launch_time;
    const TraceIds ids(header);
    add(ids.trace().substr(0, 16));
    add(ids.task());
    for (const char* name : {"a", "b", "a1", "task", "run"}) {
      add(ids.process(name));
      for (std::uint32_t run : {0U, 1U, 11U}) {
        add(ids.run(name, run));
        add(ids.wait(name, run));
      }
    }
  }
  EXPECT_EQ(all.size(), count);
}

TEST(TraceParent, IsAnotherByEitherId) {
  const TraceParent one{"0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"};
  TraceParent other = one;
  EXPECT_EQ(one, other);
  other.span_id.back() = '2';
  EXPECT_NE(one, other);
  other = one;
  other.trace_id.back() = 'd';
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace thermos
