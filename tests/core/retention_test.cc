#include "core/record/retention.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "days.h"

namespace thermos {
namespace {

constexpr Microseconds kJudged = 1000 * kDay;

EndedTask task(std::string id, Microseconds age, std::uint64_t bytes = 0) {
  return {std::move(id), kJudged - age, bytes};
}

// What becomes of each task: K kept, y young, o older, k keep, b bytes.
std::string verdicts(const std::vector<EndedTask>& tasks, const RetentionRules& rules,
                     Microseconds now = kJudged) {
  std::string text;
  for (const Retention verdict : judge_retention(tasks, rules, now)) {
    text += verdict == Retention::Kept ? 'K' : name_of(verdict).front();
  }
  return text;
}

TEST(Retention, WithoutARuleNothingGoes) {
  EXPECT_FALSE(RetentionRules{}.any());
  EXPECT_EQ(verdicts({task("a", 900 * kDay), task("b", 0)}, {}), "KK");
  EXPECT_EQ(next_to_go({task("a", 900 * kDay), task("b", 0)}, {}, kJudged), std::nullopt);
}

TEST(Retention, WhatIsOlderGoes) {
  RetentionRules rules;
  rules.older = 2 * kDay;
  EXPECT_EQ(verdicts({task("a", 2 * kDay + 1), task("b", 2 * kDay), task("c", kDay)}, rules),
            "oKK");
}

TEST(Retention, TheOnesThatEndedLastAreKept) {
  RetentionRules rules;
  rules.keep = 2;
  EXPECT_EQ(verdicts({task("a", 4 * kDay), task("b", 2 * kDay), task("c", 3 * kDay)}, rules),
            "kKK");
  rules.keep = 0;
  EXPECT_EQ(verdicts({task("a", 4 * kDay), task("b", 2 * kDay)}, rules), "kk");
  rules.keep = 7;
  EXPECT_EQ(verdicts({task("a", 4 * kDay), task("b", 2 * kDay)}, rules), "KK");
}

TEST(Retention, OfTwoThatEndedTogetherTheLargerIdIsTheLaterOne) {
  RetentionRules rules;
  rules.keep = 1;
  EXPECT_EQ(verdicts({task("a", kDay), task("c", kDay), task("b", kDay)}, rules), "kKk");
}

TEST(Retention, BytesAreCountedFromTheOneThatEndedLastUntilItIsFull) {
  RetentionRules rules;
  rules.bytes = 100;
  // Behind the one that does not fit, none is kept that would.
  EXPECT_EQ(verdicts({task("a", 5 * kDay, 1), task("b", 4 * kDay, 60), task("c", 3 * kDay, 40),
                      task("d", 2 * kDay, 30)},
                     rules),
            "bbKK");
  EXPECT_EQ(verdicts({task("a", 3 * kDay, 40), task("b", 2 * kDay, 60)}, rules), "KK");
  rules.bytes = 0;
  EXPECT_EQ(verdicts({task("a", 3 * kDay, 1), task("b", 2 * kDay, 0)}, rules), "bK");
}

TEST(Retention, SumsDoNotOverflow) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  RetentionRules rules;
  rules.bytes = kMost;
  EXPECT_EQ(
      verdicts({task("a", 4 * kDay, kMost), task("b", 3 * kDay, kMost), task("c", 2 * kDay, 1)},
               rules),
      "bbK");
}

TEST(Retention, ATaskGoesIfAnyRuleSaysSo) {
  RetentionRules rules;
  rules.older = 10 * kDay;
  rules.keep = 3;
  rules.bytes = 100;
  EXPECT_EQ(verdicts({task("a", 2 * kDay, 90), task("b", 3 * kDay, 20), task("c", 4 * kDay, 1),
                      task("d", 5 * kDay, 1), task("e", 20 * kDay, 1)},
                     rules),
            "Kbbko");
}

TEST(Retention, YoungOnesAreKeptAndCounted) {
  RetentionRules rules;
  rules.older = 0;
  EXPECT_EQ(verdicts({task("a", kHour), task("b", kHour - 1), task("c", 0)}, rules), "oyK");
  rules = {};
  rules.keep = 1;
  EXPECT_EQ(verdicts({task("a", 5 * kDay), task("b", 1), task("c", 0)}, rules), "kyK");
  rules = {};
  rules.bytes = 10;
  EXPECT_EQ(verdicts({task("a", 5 * kDay, 1), task("b", 1, 10), task("c", 0, 10)}, rules), "byK");
}

TEST(Retention, WhatEndsInTheFutureIsYoung) {
  RetentionRules rules;
  rules.keep = 0;
  EXPECT_EQ(verdicts({task("a", -5 * kDay)}, rules), "y");
}

TEST(Retention, TheNextOneIsDueWhenItIsOldEnough) {
  RetentionRules rules;
  rules.older = 2 * kDay;
  const std::vector<EndedTask> tasks{task("a", kDay), task("b", kDay + 5), task("c", 3 * kDay)};
  const auto next = next_to_go(tasks, rules, kJudged);
  ASSERT_TRUE(next);
  EXPECT_EQ(verdicts(tasks, rules, *next - 1), "KKo");
  EXPECT_EQ(verdicts(tasks, rules, *next), "Koo");
}

TEST(Retention, WhatAnotherTookOverIsKeptAsLongAsThat) {
  const std::vector<EndedTask> tasks{task("a", 5 * kDay), task("b", 4 * kDay), task("c", 3 * kDay),
                                     task("d", 3 * kDay)};
  const auto all_go = [] { return std::vector<Retention>(4, Retention::TooOld); };
  const Takers chain{{"a", {"b"}}, {"b", {"c"}}};
  std::vector<Retention> verdicts = all_go();
  keep_for_takers(tasks, chain, verdicts);
  EXPECT_EQ(verdicts, all_go()) << "all of them go";
  EXPECT_EQ(removal_order(tasks, chain, verdicts), (std::vector<std::size_t>{2, 3, 1, 0}));

  verdicts[2] = Retention::Young;
  keep_for_takers(tasks, chain, verdicts);
  EXPECT_EQ(verdicts,
            (std::vector{Retention::Kept, Retention::Kept, Retention::Young, Retention::TooOld}));
  EXPECT_EQ(removal_order(tasks, chain, verdicts), std::vector<std::size_t>{3});

  verdicts = all_go();
  keep_for_takers(tasks, {{"a", {"d", "active"}}}, verdicts);
  EXPECT_EQ(verdicts, (std::vector{Retention::Kept, Retention::TooOld, Retention::TooOld,
                                   Retention::TooOld}));
}

TEST(Retention, TheNextOneIsDueWhenItIsNotYoungAnyMore) {
  RetentionRules rules;
  rules.keep = 0;
  const std::vector<EndedTask> tasks{task("a", kHour / 2), task("b", kHour / 3)};
  const auto next = next_to_go(tasks, rules, kJudged);
  ASSERT_TRUE(next);
  EXPECT_EQ(verdicts(tasks, rules, *next - 1), "yy");
  EXPECT_EQ(verdicts(tasks, rules, *next), "ky");
  rules = {};
  rules.older = 1;
  const auto then = next_to_go({task("a", 0)}, rules, kJudged);
  ASSERT_TRUE(then);
  EXPECT_EQ(verdicts({task("a", 0)}, rules, *then - 1), "y");
  EXPECT_EQ(verdicts({task("a", 0)}, rules, *then), "o");
}

TEST(Retention, NothingIsDueThatStaysForEver) {
  RetentionRules rules;
  rules.keep = 2;
  rules.bytes = 100;
  EXPECT_EQ(next_to_go({task("a", kDay, 1), task("b", 2 * kDay, 1)}, rules, kJudged), std::nullopt);
  rules.older = std::numeric_limits<Microseconds>::max();
  const auto next = next_to_go({task("a", kDay, 1)}, rules, kJudged);
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, std::numeric_limits<Microseconds>::max());
}

TEST(Retention, OneRuleIsEnoughForAny) {
  EXPECT_FALSE(RetentionRules().any());
  EXPECT_TRUE((RetentionRules{0, {}, {}}).any());
  EXPECT_TRUE((RetentionRules{{}, 0, {}}).any());
  EXPECT_TRUE((RetentionRules{{}, {}, 0}).any());
}

}  // namespace
}  // namespace thermos
