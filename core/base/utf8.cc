#include "core/base/utf8.h"

#include <algorithm>
#include <cstdint>

namespace thermos {
namespace {

constexpr std::size_t kMaxContinuation = 3;  // bytes of a character after its first

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

// Whether the byte begins no character.
bool is_continuation(char byte) {
  return (static_cast<std::uint8_t>(byte) & 0xC0) == 0x80;
}

// What the first byte of a character says of the others.
struct Lead {
  std::size_t bytes = 0;  // of the character; 0: no character begins with this byte
  std::uint8_t bits = 0;  // of its code
  // The second byte's range keeps out overlong forms, surrogates and codes beyond U+10FFFF.
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
};

Lead lead_of(std::uint8_t first) {
  if (first >= 0xC2 && first <= 0xDF) return {2, static_cast<std::uint8_t>(first & 0x1F)};
  if (first >= 0xE0 && first <= 0xEF) {
    Lead lead{3, static_cast<std::uint8_t>(first & 0x0F)};
    if (first == 0xE0) lead.low = 0xA0;
    if (first == 0xED) lead.high = 0x9F;
    return lead;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    Lead lead{4, static_cast<std::uint8_t>(first & 0x07)};
    if (first == 0xF0) lead.low = 0x90;
    if (first == 0xF4) lead.high = 0x8F;
    return lead;
  }
  return {};
}

}  // namespace

Utf8Character utf8_character_at(std::string_view text, std::size_t at) {
  const std::uint8_t first = byte_at(text, at);
  if (first < 0x80) return {first, 1, true};
  const Utf8Character broken{first, 1, false};
  const Lead lead = lead_of(first);
  if (lead.bytes == 0 || text.size() - at < lead.bytes) return broken;
  const std::uint8_t second = byte_at(text, at + 1);
  if (second < lead.low || second > lead.high) return broken;
  char32_t code = lead.bits;
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    if (!is_continuation(text[at + i])) return broken;
    code = (code << 6) | (byte_at(text, at + i) & 0x3F);
  }
  return {code, lead.bytes, true};
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (byte_at(text, at) < 0x80) {
      ++at;
      continue;
    }
    const Utf8Character character = utf8_character_at(text, at);
    if (!character.well_formed) return false;
    at += character.bytes;
  }
  return true;
}

std::size_t utf8_boundary(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  std::size_t boundary = at;
  while (boundary > 0 && is_continuation(text[boundary])) {
    if (at - boundary == kMaxContinuation) return at;
    --boundary;
  }
  return boundary;
}

std::size_t next_utf8_boundary(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  ++at;
  while (at < text.size() && is_continuation(text[at])) ++at;
  return at;
}

std::size_t utf8_columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !is_continuation(byte); }));
}

}  // namespace thermos
