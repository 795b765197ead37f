// UTF-8, one character at a time. Well-formed is what Unicode says: no overlong forms, no
// surrogates, nothing beyond U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace thermos {

struct Utf8Character {
  char32_t code = 0;      // of what is not well-formed: the byte
  std::size_t bytes = 1;  // that it takes; 1 when it is not well-formed
  bool well_formed = false;
};

// The character that begins at byte `at`. REQUIRES: at < text.size().
Utf8Character utf8_character_at(std::string_view text, std::size_t at);

// Holds `text` nothing but well-formed characters? Configurations hold nothing else, because JSON
// can't carry other bytes and back.
bool is_utf8(std::string_view text);

// The nearest place at or before byte `at` where `text` can be cut without cutting a character in
// two: text.size() at most. Where more following bytes stand than a character has, that is no
// UTF-8, and `at` is as good as any other place.
std::size_t utf8_boundary(std::string_view text, std::size_t at);

// The first place behind byte `at` where a character can begin, or text.size().
std::size_t next_utf8_boundary(std::string_view text, std::size_t at);

// How many characters begin in `text`: what an editor counts as columns.
std::size_t utf8_columns(std::string_view text);

}  // namespace thermos
