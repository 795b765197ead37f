// Text for one-line messages: checks, escaping, quoting, and suggestions for mistyped words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thermos {

// Whether `text` contains a control character (a byte below a space, or DEL). Printed, such text
// could forge a line of output.
bool holds_control(std::string_view text);

// Returns `text` with everything escaped that a terminal would interpret: control characters,
// escape sequences, direction overrides, and bytes that are not UTF-8. The result is one line.
std::string printable(std::string_view text);

// Returns `text` in single quotes for a one-line message. Control bytes and invalid UTF-8 are
// written as \n or \x1b. A text longer than about `max_bytes` is cut between characters and marked
// by "...".
std::string quoted(std::string_view text, std::size_t max_bytes = 60);

// Returns how many edits of single bytes turn `a` into `b`; a swap of neighbours is one edit.
// Returns `limit` + 1 when more than `limit` are needed. Takes O(length * limit).
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// Finds the known word that is nearest to a mistyped one.
class NearestWord {
 public:
  // `wanted` outlives this.
  explicit NearestWord(std::string_view wanted);
  // Adds a known word. Among equally near words the first wins. `known` outlives this.
  void offer(std::string_view known);
  // Returns ", did you mean 'NAME'?" for the end of a message, or "" when no word is near.
  std::string hint() const;

 private:
  std::string_view wanted_;
  std::string_view best_;
  std::size_t limit_;
};

}  // namespace thermos
