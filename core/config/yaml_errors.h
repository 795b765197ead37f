// Explains the YAML parser's errors to a person.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <yaml-cpp/mark.h>

#include "core/config/document.h"

namespace thermos::config {

// Finds the places of marks. Marks count columns in bytes, places in characters.
class YamlPlaces {
 public:
  // `text` outlives this.
  explicit YamlPlaces(std::string_view text) : text_(text) {}

  // Returns the place of a mark in the text; an empty one for a null mark. Takes time in proportion
  // to the distance from the last mark on the same line, because a whole task may stand on one
  // line.
  Position of(const YAML::Mark& mark);

 private:
  std::string_view text_;
  std::size_t line_begin_ = 0;  // of the last mark's line
  std::size_t pos_ = 0;         // of the last mark
  std::size_t columns_ = 0;     // before it
};

// Returns the place of one mark.
Position yaml_position(std::string_view text, const YAML::Mark& mark);

// Returns one line that says what is wrong and what to do about it. `message` is the parser's
// message, and `mark` its place in `text`.
std::string explain_yaml_error(const std::string& message, std::string_view text,
                               const YAML::Mark& mark);

}  // namespace thermos::config
