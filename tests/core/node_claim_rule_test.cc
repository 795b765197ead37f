// Who of several leaders has a node.
#include "core/runner/node_claim_rule.h"

#include <gtest/gtest.h>

#include "boots.h"
#include "core/record/sole_writer.h"

namespace thermos {
namespace {

constexpr Identity kServer{70, 700};
constexpr Identity kOther{80, 800};
using Step = ClaimVerdict::Step;

NodeHolder holder(std::uint64_t lead, const Identity& server = kServer,
                  const BootId& boot = kBoot) {
  return {lead, server, boot};
}

TEST(Claim, ANodeThatNobodyHasIsTaken) {
  EXPECT_EQ(judge_claim(holder(5), false, std::nullopt, std::nullopt).step, Step::Take);
  EXPECT_EQ(judge_claim(holder(5), false, holder(4), std::nullopt).step, Step::Take);
  EXPECT_EQ(judge_claim(holder(5), false, holder(5), std::nullopt).step, Step::Take);
}

TEST(Claim, ALaterLeadersNodeIsLeftAloneWhetherItsServerLivesOrNot) {
  for (const bool locked : {true, false}) {
    const ClaimVerdict verdict = judge_claim(holder(5), locked, holder(6), kOther);
    EXPECT_EQ(verdict.step, Step::Refuse);
    EXPECT_FALSE(verdict.hang_up);
  }
}

TEST(Claim, WhoHasTheLockIsToGiveItUp) {
  EXPECT_EQ(judge_claim(holder(5), true, holder(4), kOther).step, Step::Wait);
  EXPECT_EQ(judge_claim(holder(5), true, holder(4), kOther).hang_up, kOther);
  EXPECT_EQ(judge_claim(holder(5), true, std::nullopt, kOther).hang_up, kOther);
  // The kernel does not tell.
  EXPECT_EQ(judge_claim(holder(5), true, holder(5), std::nullopt).hang_up, kServer);
  EXPECT_FALSE(judge_claim(holder(5), true, std::nullopt, std::nullopt).hang_up);
  EXPECT_FALSE(judge_claim(holder(5), true, holder(4, kServer, {3, 4}), std::nullopt).hang_up)
      << "a pid of another boot";
}

class LeadNumber : public ::testing::Test {
 protected:
  // A leader takes the lead at this time by its clock, and its number is on record.
  std::uint64_t lead(Microseconds wall) {
    if (!history_.header()) {
      RunnerHeader header;
      header.task_id = "t";
      EXPECT_TRUE(history_.apply(header).ok());
    }
    Leadership place;
    place.at = {wall, 0};
    place.lead = lead_number(history_, wall);
    EXPECT_TRUE(history_.apply(place).ok());
    TaskStatus status;
    status.at = {wall, 0};
    EXPECT_TRUE(history_.apply(status).ok());
    return place.lead;
  }

  History history_;
};

TEST_F(LeadNumber, IsTheTimeWhereThatIsLater) {
  EXPECT_EQ(lead(1000), 1000u);
  EXPECT_EQ(lead(2000), 2000u);
}

TEST_F(LeadNumber, IsHigherThanAllBeforeWhateverTheClocksAre) {
  const std::uint64_t first = lead(1000);
  const std::uint64_t second = lead(500);
  const std::uint64_t third = lead(500);
  EXPECT_GT(second, first);
  EXPECT_GT(third, second);
}

TEST_F(LeadNumber, OneThatLedBeforeThereWereNumbersIsEarlier) {
  lead(1000);
  TaskStatus status;
  status.at = {5000, 0};
  EXPECT_TRUE(history_.apply(status).ok());
  EXPECT_GT(lead(100), 5000u);
}

TEST(SoleWriter, AnotherHasWrittenOrTheNameIsAnothers) {
  EXPECT_FALSE(has_another_writer(10, 10, true));
  EXPECT_TRUE(has_another_writer(10, 11, true));
  EXPECT_TRUE(has_another_writer(10, 9, true));
  EXPECT_TRUE(has_another_writer(10, 10, false));
}

}  // namespace
}  // namespace thermos
