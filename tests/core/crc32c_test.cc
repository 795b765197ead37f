#include "core/base/crc32c.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string_view>
#include <vector>

namespace thermos {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

// Known answers: the catalogue's check value and the four of RFC 3720, B.4.
TEST(Crc32c, KnownAnswers) {
  std::vector<std::byte> rising(32);
  std::vector<std::byte> falling(32);
  for (std::size_t i = 0; i < 32; ++i) {
    rising[i] = static_cast<std::byte>(i);
    falling[i] = static_cast<std::byte>(31 - i);
  }
  const std::vector<std::byte> zeros(32, std::byte{0});
  const std::vector<std::byte> ones(32, std::byte{0xff});
  for (auto* crc : {&crc32c, &crc32c_by_table}) {
    EXPECT_EQ(crc(0, bytes_of("123456789")), 0xE3069283U);
    EXPECT_EQ(crc(0, {}), 0U);
    EXPECT_EQ(crc(0, zeros), 0x8A9136AAU);
    EXPECT_EQ(crc(0, ones), 0x62A8AB43U);
    EXPECT_EQ(crc(0, rising), 0x46DD794EU);
    EXPECT_EQ(crc(0, falling), 0x113FDB5CU);
  }
}

// Every length that meets the eight-byte steps and their rests, at every alignment.
TEST(Crc32c, InstructionAndTablesAgree) {
  std::mt19937_64 random(1);
  std::vector<std::byte> bytes(300);
  for (auto& b : bytes) b = static_cast<std::byte>(random());
  for (std::size_t from = 0; from < 8; ++from) {
    for (std::size_t size = 0; size + from <= bytes.size(); ++size) {
      const auto seed = static_cast<std::uint32_t>(random());
      const auto part = std::span(bytes).subspan(from, size);
      ASSERT_EQ(crc32c(seed, part), crc32c_by_table(seed, part)) << from << " " << size;
    }
  }
}

TEST(Crc32c, GoesOnWhereItStopped) {
  const auto whole = bytes_of("every transition is on the disk before anything acts on it");
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const auto first = std::span(whole).first(cut);
    const auto second = std::span(whole).subspan(cut);
    EXPECT_EQ(crc32c(crc32c(0, first), second), crc32c(0, whole));
    EXPECT_EQ(crc32c_by_table(crc32c_by_table(0, first), second), crc32c(0, whole));
  }
}

}  // namespace
}  // namespace thermos
