// Text in messages: what may be printed, how to quote it in one line, and what was probably meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thermos {

// Holds it a byte below a space, or DEL? Such text could forge a line of output.
bool holds_control(std::string_view text);

// `text` with everything that a terminal would obey instead of show written out: control
// characters, escape sequences, direction overrides, bytes that are not UTF-8. Always one line.
std::string printable(std::string_view text);

// `text` in single quotes for a one-line message: control bytes and broken UTF-8 as \n or \x1b, and
// no more than about `max_bytes` of it, cut between characters and marked by "...".
std::string quoted(std::string_view text, std::size_t max_bytes = 60);

// How many single-character edits (a swap of neighbours is one) make `a` into `b`, in bytes;
// `limit` + 1 when more than `limit` are needed. Takes O(length * limit).
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// Finds the known word that a mistyped one was meant to be, among words offered one by one.
class NearestWord {
 public:
  // `wanted` outlives this.
  explicit NearestWord(std::string_view wanted);
  // The first of the nearest wins. `known` outlives this.
  void offer(std::string_view known);
  // "", or ", did you mean 'NAME'?" for the end of a message.
  std::string hint() const;

 private:
  std::string_view wanted_;
  std::string_view best_;
  std::size_t limit_;
};

}  // namespace thermos
