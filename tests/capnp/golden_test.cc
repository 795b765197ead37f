// The bytes of the format, so that they can't change unnoticed. A change here is a new format
// version: streams that people have on their disks look like this.
#include <gtest/gtest.h>

#include <string>

#include "stream_bytes.h"

namespace thermos {
namespace {

// sample_records() under kSampleEpoch: the file header, then a line for the header of each frame
// and one for each eight words of its payload.
constexpr const char* kGolden = "";

TEST(Golden, TheBytesOfAStream) {
  const StreamBytes stream = stream_of(kSampleEpoch, sample_records());
  EXPECT_EQ(hex(stream.bytes), kGolden);
}

TEST(Golden, AreReadAsTheyWereMeant) {
  const ReadBack back = read_back(unhex(kGolden));
  EXPECT_EQ(back.verdict, Verdict::End);
  EXPECT_EQ(back.records, sample_records());
}

}  // namespace
}  // namespace thermos
