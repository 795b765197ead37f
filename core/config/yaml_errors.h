// What the YAML parser's errors mean to a person.
#pragma once

#include <string>
#include <string_view>

#include <yaml-cpp/mark.h>

#include "core/config/document.h"

namespace thermos::config {

// Returns the place of a mark; none for a null mark. Marks count columns in bytes, places in
// characters.
Position yaml_position(std::string_view text, const YAML::Mark& mark);

// Returns one line that says what is wrong and what to do about it. `message` is the parser's,
// `mark` its place in `text`.
std::string explain_yaml_error(const std::string& message, std::string_view text,
                               const YAML::Mark& mark);

}  // namespace thermos::config
