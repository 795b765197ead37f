#include "core/base/result.h"

#include <gtest/gtest.h>

namespace thermos {
namespace {

TEST(ErrorAt, SaysWhereWhatAndWhatFollows) {
  const Error error = error_at(ErrorCode::Corrupt, "/c/runner", 24, "a gap", "it is left as it is");
  EXPECT_EQ(error.code, ErrorCode::Corrupt);
  EXPECT_EQ(error.message, "/c/runner: offset 24: a gap; it is left as it is");
  EXPECT_EQ(error.path, "/c/runner");
  EXPECT_EQ(error.offset, 24U);
  EXPECT_EQ(error.what, "a gap");
}

TEST(ErrorAt, LeavesOutWhatIsNotGiven) {
  const Error error = error_at(ErrorCode::BadConfig, "processes[2].name", std::nullopt, "is empty");
  EXPECT_EQ(error.message, "processes[2].name: is empty");
  EXPECT_FALSE(error.offset);
  EXPECT_EQ(error.what, "is empty");
}

}  // namespace
}  // namespace thermos
