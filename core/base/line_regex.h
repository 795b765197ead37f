// Regular expressions that are searched for in lines. A search takes time in proportion to the
// length of the line, whatever the expression. A search of the standard library can take longer
// than anyone waits, and anybody who writes a task can give an expression.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace thermos {

// The usual syntax, for bytes: . [a-z] [^a-z] \d \w \s \D \W \S \t, ( ) (?: ), |, * + ? {2} {2,}
// {2,5}, ^ and $ for the ends of the line, \ before a special character, and (?i) at the front:
// upper and lower case of ASCII are alike. There are no back references and no look-ahead.
class Pattern {
 public:
  // Fails with BadConfig; the message says what is wrong with the expression.
  static Result<Pattern> compile(std::string_view text);

  // Whether some part of `line` matches.
  bool found_in(std::string_view line) const;

 private:
  friend class PatternCompiler;
  enum class Step : std::uint8_t { Byte, Begin, End, Split, Jump, Match };
  struct Instruction {
    Step step = Step::Match;
    std::uint32_t a = 0;  // Byte: an index in sets_. Split and Jump: the next instruction
    std::uint32_t b = 0;  // Split: the other next instruction
  };
  // Follows the program from instruction `from` without reading a byte. Marks all instructions that
  // it reaches in `reached`, appends those that read a byte to `bytes`, and sets `match` if it
  // reaches the end of the expression. `begin` and `end` say whether this is the beginning or the
  // end of the line.
  void follow(std::uint32_t from, bool begin, bool end, std::vector<bool>& reached,
              std::vector<std::uint32_t>& bytes, bool& match) const;

  std::vector<Instruction> program_;
  std::vector<std::bitset<256>> sets_;
};

}  // namespace thermos
