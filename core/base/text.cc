#include "core/base/text.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/utf8.h"

namespace thermos {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

bool obeyed_by_terminals(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void append_escaped(std::string& out, char32_t byte) {
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

bool holds_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto [code, bytes, well_formed] = utf8_character_at(text, i);
    if (!well_formed || (code < 0x80 && obeyed_by_terminals(code))) {
      append_escaped(shown, code);
    } else if (obeyed_by_terminals(code)) {
      shown += "\\u{";
      for (int shift = code > 0xFFF ? 12 : 4; shift >= 0; shift -= 4) {
        shown += kDigits[(code >> shift) & 15];
      }
      shown += '}';
    } else {
      shown += text.substr(i, bytes);
    }
    i += bytes;
  }
  return shown;
}

std::string quoted(std::string_view text, std::size_t max_bytes) {
  std::string out = "'";
  for (std::size_t i = 0; i < text.size();) {
    const auto [code, bytes, well_formed] = utf8_character_at(text, i);
    if (i + bytes > max_bytes) {
      out += "...";
      break;
    }
    if (!well_formed || code < 0x20 || code == 0x7F) {
      append_escaped(out, code);
    } else {
      out += text.substr(i, bytes);
    }
    i += bytes;
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
