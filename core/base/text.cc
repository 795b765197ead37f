#include "core/base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace thermos {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

// Returns the length of the well-formed character at `at`, or 0 when there is none.
std::size_t character_length(std::string_view text, std::size_t at) {
  const std::uint8_t first = byte_at(text, at);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  // The range of the second byte excludes overlong forms, surrogates and values above U+10FFFF.
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() - at < length) return 0;
  if (byte_at(text, at + 1) < low || byte_at(text, at + 1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, at + i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

constexpr std::string_view kDigits = "0123456789abcdef";

// Returns the code point of the character of `length` bytes at `at`.
std::uint32_t code_at(std::string_view text, std::size_t at, std::size_t length) {
  constexpr std::array<std::uint8_t, 5> kLeadBits = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t code = byte_at(text, at) & kLeadBits[length];
  for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (byte_at(text, at + i) & 0x3F);
  return code;
}

bool obeyed_by_terminals(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void append_escaped(std::string& out, std::uint8_t byte) {
  switch (byte) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\x";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
  }
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

bool holds_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_length(text, i);
    const std::uint32_t code = length == 0 ? 0 : code_at(text, i, length);
    if (length == 0 || (code < 0x80 && obeyed_by_terminals(code))) {
      append_escaped(shown, byte_at(text, i));
    } else if (obeyed_by_terminals(code)) {
      shown += "\\u{";
      for (int shift = code > 0xFFF ? 12 : 4; shift >= 0; shift -= 4) {
        shown += kDigits[(code >> shift) & 15];
      }
      shown += '}';
    } else {
      shown += text.substr(i, length);
    }
    i += std::max<std::size_t>(length, 1);
  }
  return shown;
}

std::string quoted(std::string_view text, std::size_t max_bytes) {
  std::string out = "'";
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_length(text, i);
    if (i + std::max<std::size_t>(length, 1) > max_bytes) {
      out += "...";
      break;
    }
    if (length == 0 || byte_at(text, i) < 0x20 || byte_at(text, i) == 0x7F) {
      append_escaped(out, byte_at(text, i));
    } else {
      out += text.substr(i, length);
    }
    i += std::max<std::size_t>(length, 1);
  }
  out += '\'';
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t none = limit + 1;
  const std::size_t gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (gap > limit) return none;
  // Only a band around the diagonal can stay within the limit. A swap needs the row before the
  // last.
  std::array<std::vector<std::size_t>, 3> rows;
  for (auto& row : rows) row.assign(b.size() + 1, none);
  for (std::size_t j = 0; j <= std::min(b.size(), limit); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& up = rows[(i + 2) % 3];
    const auto& up2 = rows[(i + 1) % 3];
    const std::size_t from = i > limit ? i - limit : 0;
    const std::size_t to = std::min(b.size(), i + limit);
    std::size_t least = none;
    if (from > 0) row[from - 1] = none;
    for (std::size_t j = from; j <= to; ++j) {
      std::size_t best = i;
      if (j > 0) {
        best = std::min({up[j] + 1, row[j - 1] + 1, up[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
          best = std::min(best, up2[j - 2] + 1);
        }
      }
      row[j] = std::min(best, none);
      least = std::min(least, row[j]);
    }
    if (to < b.size()) row[to + 1] = none;
    if (least > limit) return none;
  }
  return std::min(rows[a.size() % 3][b.size()], none);
}

NearestWord::NearestWord(std::string_view wanted)
    : wanted_(wanted), limit_(std::clamp<std::size_t>(wanted.size() / 2, 1, 3)) {}

void NearestWord::offer(std::string_view known) {
  if (limit_ == 0) return;
  const std::size_t distance = edit_distance(wanted_, known, limit_);
  // A word that has nothing in common with the wanted one is no suggestion.
  if (distance > limit_ || distance >= std::max(wanted_.size(), known.size())) return;
  best_ = known;
  limit_ = distance - std::min<std::size_t>(distance, 1);
}

std::string NearestWord::hint() const {
  return best_.empty() ? "" : ", did you mean " + quoted(best_, 243) + "?";
}

}  // namespace thermos
