// What the YAML parser's errors mean to a person.
#pragma once

#include <string>
#include <string_view>

#include <yaml-cpp/mark.h>

#include "core/config/document.h"

namespace thermos::config {

// The parser's places count bytes, ours characters. Unknown where the mark is.
Position yaml_position(std::string_view text, const YAML::Mark& mark);

// One line that says what is wrong and what to do about it. `message` is the parser's, `mark` its
// place in `text`.
std::string explain_yaml_error(const std::string& message, std::string_view text,
                               const YAML::Mark& mark);

}  // namespace thermos::config
