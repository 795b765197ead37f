#include "reactor/observe/byte_range.h"

#include <gtest/gtest.h>

#include <string>

namespace thermos::observe {
namespace {

ByteRange part(std::uint64_t first, std::uint64_t length) {
  return {ByteRange::Kind::Part, first, length};
}

TEST(ByteRange, IsAPart) {
  EXPECT_EQ(byte_range("bytes=0-0", 10), part(0, 1));
  EXPECT_EQ(byte_range("bytes=2-5", 10), part(2, 4));
  EXPECT_EQ(byte_range("bytes=2-", 10), part(2, 8));
  EXPECT_EQ(byte_range("bytes=2-99", 10), part(2, 8));
  EXPECT_EQ(byte_range("bytes=-3", 10), part(7, 3));
  EXPECT_EQ(byte_range("bytes=-99", 10), part(0, 10));
  EXPECT_EQ(byte_range(" bytes= 2 - 5 ", 10), part(2, 4));
}

TEST(ByteRange, MayLieBehindTheEnd) {
  for (const char* header : {"bytes=10-", "bytes=10-20", "bytes=-0"}) {
    EXPECT_EQ(byte_range(header, 10).kind, ByteRange::Kind::Unsatisfiable) << header;
  }
  EXPECT_EQ(byte_range("bytes=0-", 0).kind, ByteRange::Kind::Unsatisfiable);
  EXPECT_EQ(byte_range("bytes=-5", 0).kind, ByteRange::Kind::Unsatisfiable);
}

TEST(ByteRange, IsTheWholeWhereItIsNone) {
  EXPECT_EQ(byte_range(std::nullopt, 10), ByteRange());
  for (const char* header :
       {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "lines=1-2", "bytes=1",
        "bytes=0-1,3-4", "bytes=--3", "bytes=0x1-2", "bytes=1-2-3", "bytes=-1-2", "Bytes=0-1"}) {
    EXPECT_EQ(byte_range(header, 10), ByteRange()) << header;
  }
  std::string many = "bytes=0-";
  for (int i = 0; i < 1000; ++i) many += ",0-";
  EXPECT_EQ(byte_range(many, 10), ByteRange());
}

TEST(ByteRange, TakesAbsurdNumbersAsLarge) {
  const std::string huge(400, '9');
  EXPECT_EQ(byte_range("bytes=0-" + huge, 10), part(0, 10));
  EXPECT_EQ(byte_range("bytes=-" + huge, 10), part(0, 10));
  EXPECT_EQ(byte_range("bytes=" + huge + "-", 10).kind, ByteRange::Kind::Unsatisfiable);
  EXPECT_EQ(byte_range("bytes=18446744073709551615-", ~std::uint64_t{0} - 1).kind,
            ByteRange::Kind::Unsatisfiable);
  EXPECT_EQ(byte_range("bytes=0-18446744073709551615", ~std::uint64_t{0}),
            part(0, ~std::uint64_t{0}));
}

}  // namespace
}  // namespace thermos::observe
