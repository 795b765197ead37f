// UTF-8, one character at a time. Well-formed is what the Unicode standard says: no overlong forms,
// no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace thermos {

struct Utf8Character {
  char32_t code = 0;      // the byte itself, if it is not well-formed
  std::size_t bytes = 1;  // its length; 1 if it is not well-formed
  bool well_formed = false;
};

// Returns the character that begins at byte `at`. REQUIRES: at < text.size().
Utf8Character utf8_character_at(std::string_view text, std::size_t at);

// Whether `text` consists of well-formed characters. The texts of a configuration must, because
// JSON can't carry other bytes.
bool is_utf8(std::string_view text);

// Returns the nearest place at or before byte `at` where `text` can be cut without cutting a
// character in two; text.size() at most. Returns `at` itself if more continuation bytes precede it
// than a character has: such a text is not UTF-8, and any place is as good.
std::size_t utf8_boundary(std::string_view text, std::size_t at);

// Returns the first place after byte `at` where a character can begin, or text.size().
std::size_t next_utf8_boundary(std::string_view text, std::size_t at);

// Returns how many characters begin in `text`: what an editor counts as columns.
std::size_t utf8_columns(std::string_view text);

}  // namespace thermos
