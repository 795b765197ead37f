#include "reactor/observe/sample_ring.h"

#include <gtest/gtest.h>

namespace thermos::observe {
namespace {

Sample sample_at(Microseconds seconds, Microseconds cpu = 0) {
  Sample sample;
  sample.time = seconds * kSecond;
  sample.cpu = cpu;
  return sample;
}

TEST(SampleRing, KeepsTenMinutes) {
  SampleRing ring;
  for (int i = 0; i < 2000; ++i) ring.add(sample_at(i));
  ASSERT_EQ(ring.samples().size(), SampleRing::kMost);
  EXPECT_EQ(ring.samples().back().time, 1999 * kSecond);
  EXPECT_EQ(ring.samples().front().time, (2000 - 600) * kSecond);
  // Those of before a long pause are older than that.
  ring.add(sample_at(2400));
  EXPECT_EQ(ring.samples().front().time, 1800 * kSecond);
  ring.forget(2990 * kSecond);
  EXPECT_EQ(ring.samples().size(), 1U);
  ring.forget(4000 * kSecond);
  EXPECT_TRUE(ring.samples().empty());
}

// Many between two seconds, as when somebody asks anew, are bounded, too.
TEST(SampleRing, KeepsNoMoreThanThat) {
  SampleRing ring;
  for (int i = 0; i < 2000; ++i) ring.add(sample_at(7));
  EXPECT_EQ(ring.samples().size(), SampleRing::kMost);
}

TEST(SampleRing, SumsNeverBecomeSmaller) {
  SampleRing ring;
  Sample first = sample_at(1, 500);
  first.storage = StorageBytes{10, 20};
  first.memory = 7;
  ring.add(first);
  ring.add(sample_at(2, 400));  // what it read and wrote can't be read now
  Sample third = sample_at(3, 600);
  third.storage = StorageBytes{9, 21};
  third.memory = 5;
  ring.add(third);
  EXPECT_EQ(ring.samples()[1].cpu, 500);
  EXPECT_EQ(ring.samples()[1].storage, std::nullopt);
  EXPECT_EQ(ring.samples()[2].cpu, 600);
  EXPECT_EQ(ring.samples()[2].storage, (StorageBytes{10, 21}));
  EXPECT_EQ(ring.samples()[2].memory, 5U) << "what it has now is no sum";
}

TEST(SampleRing, TimesRiseThoughTheWallClockIsSetBack) {
  SampleRing ring;
  for (int i = 100; i < 110; ++i) ring.add(sample_at(i));
  ring.add(sample_at(105));
  ASSERT_EQ(ring.samples().size(), 7U);
  EXPECT_EQ(ring.samples()[5].time, 105 * kSecond);
  EXPECT_EQ(ring.samples()[6].time, 105 * kSecond);
}

}  // namespace
}  // namespace thermos::observe
