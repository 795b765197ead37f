#include "core/base/utf8.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <unordered_map>

#include "core/base/text.h"

namespace thermos {
namespace {

// By the book: the bytes of a code, whether or not it may be written.
std::string encoded(char32_t code, std::size_t bytes) {
  if (bytes == 1) return std::string(1, static_cast<char>(code));
  constexpr unsigned char kLeads[] = {0, 0, 0xC0, 0xE0, 0xF0, 0xF8, 0xFC};
  std::string text(bytes, '\0');
  for (std::size_t i = bytes - 1; i > 0; --i) {
    text[i] = static_cast<char>(0x80 | (code & 0x3F));
    code >>= 6;
  }
  text[0] = static_cast<char>(kLeads[bytes] | code);
  return text;
}

std::size_t shortest(char32_t code) {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

bool is_surrogate(char32_t code) {
  return code >= 0xD800 && code <= 0xDFFF;
}

// All characters of one and of two bytes.
const std::unordered_map<std::string, char32_t>& short_characters() {
  static const auto* known = [] {
    auto* all = new std::unordered_map<std::string, char32_t>();
    for (char32_t code = 0; code < 0x800; ++code) all->emplace(encoded(code, shortest(code)), code);
    return all;
  }();
  return *known;
}

void expect_broken(const std::string& text) {
  const Utf8Character character = utf8_character_at(text, 0);
  EXPECT_FALSE(character.well_formed) << quoted(text);
  EXPECT_EQ(character.bytes, 1U) << quoted(text);
  EXPECT_EQ(character.code, static_cast<unsigned char>(text[0])) << quoted(text);
  EXPECT_FALSE(is_utf8(text)) << quoted(text);
  EXPECT_FALSE(is_utf8("ok " + text)) << quoted(text);
  EXPECT_FALSE(is_utf8(text + " ok")) << quoted(text);
}

TEST(Utf8, IsKnownInEveryTextOfOneAndTwoBytes) {
  const auto& known = short_characters();
  std::size_t of_two = 0;
  for (int first = 0; first < 256; ++first) {
    const std::string one(1, static_cast<char>(first));
    ASSERT_EQ(is_utf8(one), first < 0x80);
    ASSERT_EQ(utf8_character_at(one, 0).well_formed, first < 0x80);
    for (int second = 0; second < 256; ++second) {
      const std::string two = one + static_cast<char>(second);
      const Utf8Character character = utf8_character_at(two, 0);
      const auto whole = known.find(two);
      const bool good = whole != known.end() || (first < 0x80 && second < 0x80);
      ASSERT_EQ(is_utf8(two), good) << quoted(two);
      ASSERT_EQ(character.well_formed, first < 0x80 || whole != known.end()) << quoted(two);
      ASSERT_EQ(character.bytes, whole != known.end() ? 2U : 1U) << quoted(two);
      if (whole == known.end()) {
        ASSERT_EQ(character.code, static_cast<char32_t>(first)) << quoted(two);
      } else {
        ASSERT_EQ(character.code, whole->second) << quoted(two);
        ++of_two;
      }
    }
  }
  EXPECT_EQ(of_two, 0x800U - 0x80U);
}

TEST(Utf8, IsDecodedForEveryCodeThatThereIs) {
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    const std::string text = encoded(code, shortest(code));
    const Utf8Character character = utf8_character_at(text, 0);
    ASSERT_EQ(character.well_formed, !is_surrogate(code)) << std::hex << std::uint32_t{code};
    ASSERT_EQ(is_utf8(text), !is_surrogate(code)) << std::hex << std::uint32_t{code};
    if (!character.well_formed) continue;
    ASSERT_EQ(character.code, code);
    ASSERT_EQ(character.bytes, text.size());
  }
}

// Of all texts of three bytes that begin like a character of three, no other is taken.
TEST(Utf8, HasNoOtherCharactersOfThreeBytes) {
  std::size_t taken = 0;
  std::string text(3, '\0');
  for (int lead = 0xE0; lead <= 0xEF; ++lead) {
    text[0] = static_cast<char>(lead);
    for (int rest = 0; rest < 0x10000; ++rest) {
      text[1] = static_cast<char>(rest >> 8);
      text[2] = static_cast<char>(rest & 0xFF);
      if (utf8_character_at(text, 0).bytes == 3) ++taken;
    }
  }
  EXPECT_EQ(taken, 0x10000U - 0x800U - 0x800U);  // less those of two bytes, and the surrogates
}

TEST(Utf8, RefusesOverlongForms) {
  for (const char32_t code : {0x00U, 0x2FU, 0x7FU}) {
    for (const std::size_t bytes : {2, 3, 4, 5, 6}) expect_broken(encoded(code, bytes));
  }
  for (const char32_t code : {0x80U, 0x7FFU}) {
    for (const std::size_t bytes : {3, 4, 5, 6}) expect_broken(encoded(code, bytes));
  }
  for (const char32_t code : {0x800U, 0xFFFFU}) {
    for (const std::size_t bytes : {4, 5, 6}) expect_broken(encoded(code, bytes));
  }
}

TEST(Utf8, RefusesWhatIsBeyondTheLastCode) {
  for (const char32_t code : {0x110000U, 0x13FFFFU, 0x140000U, 0x1FFFFFU}) {
    expect_broken(encoded(code, 4));
  }
  expect_broken("\xFE");
  expect_broken("\xFF");
}

TEST(Utf8, RefusesWhatEndsTooEarlyOrGoesOnOtherwise) {
  for (const char32_t code : {0x80U, 0x7FFU, 0x800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    const std::string text = encoded(code, shortest(code));
    for (std::size_t bytes = 1; bytes < text.size(); ++bytes) {
      expect_broken(text.substr(0, bytes));
      for (const char other : {'\0', 'x', '\x7F', '\xC0', '\xE2', '\xFF'}) {
        expect_broken(text.substr(0, bytes) + other + text.substr(bytes + 1));
      }
    }
  }
}

TEST(Utf8, IsCutBetweenCharacters) {
  const std::string text = "a\u00fc\u20ac\U0001F980z";  // of 1, 2, 3, 4 and 1 bytes
  const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
  for (std::size_t at = 0; at < std::size(expected); ++at) {
    EXPECT_EQ(utf8_boundary(text, at), expected[at]) << at;
  }
  EXPECT_EQ(utf8_boundary(text, 99), text.size());
  EXPECT_EQ(utf8_boundary("", 0), 0U);
  // More following bytes than any character has.
  const std::string noise(10, '\x80');
  for (std::size_t at = 0; at < 3; ++at) EXPECT_EQ(utf8_boundary(noise, at), 0U);
  EXPECT_EQ(utf8_boundary(noise, 3), 0U);
  EXPECT_EQ(utf8_boundary(noise, 4), 4U);
}

TEST(Utf8, GoesOnAtTheNextCharacter) {
  const std::string text = "a\u00fc\u20ac\U0001F980";
  std::string starts;
  for (std::size_t at = 0; at < text.size(); at = next_utf8_boundary(text, at)) {
    starts += std::to_string(at) + " ";
  }
  EXPECT_EQ(starts, "0 1 3 6 ");
  EXPECT_EQ(next_utf8_boundary("\x80\x80\x80", 0), 3U);
  EXPECT_EQ(next_utf8_boundary("abc", 7), 3U);
}

TEST(Utf8, CountsColumns) {
  EXPECT_EQ(utf8_columns(""), 0U);
  EXPECT_EQ(utf8_columns("a\u00fc\u20ac\U0001F980z"), 5U);
  EXPECT_EQ(utf8_columns("\xFF\x80"), 1U);
}

// Stepping ends, stays inside, and agrees with itself, whatever the bytes.
TEST(Utf8, StepsThroughAnyBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 12, '\0');
    for (char& byte : text) {
      constexpr unsigned char kBytes[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0,
                                          0xBF, 0xC1, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF};
      byte = static_cast<char>(kBytes[random() % std::size(kBytes)]);
    }
    bool good = true;
    std::size_t characters = 0;
    for (std::size_t at = 0; at < text.size();) {
      const Utf8Character character = utf8_character_at(text, at);
      ASSERT_GE(character.bytes, 1U);
      ASSERT_LE(at + character.bytes, text.size());
      if (!character.well_formed) good = false;
      if (good) {
        ASSERT_EQ(utf8_boundary(text, at), at);
        ASSERT_EQ(utf8_boundary(text, at + character.bytes - 1), at);
        ASSERT_EQ(encoded(character.code, character.bytes), text.substr(at, character.bytes));
      }
      at += character.bytes;
      ++characters;
    }
    ASSERT_EQ(is_utf8(text), good) << quoted(text);
    if (good) {
      ASSERT_EQ(utf8_columns(text), characters) << quoted(text);
    }
  }
}

}  // namespace
}  // namespace thermos
