// What a text without quotes means in YAML 1.2 (its "core schema"): null, a boolean, a number, or
// just the text.
#pragma once

#include <string_view>

#include "core/config/document.h"

namespace thermos::config {

// The value alone, without a place; a text that means nothing else is a string.
Value plain_scalar(std::string_view text);

// A whole number with a zero in front, such as 010: YAML 1.1 reads it as 8 and YAML 1.2 as 10.
bool has_leading_zero(std::string_view text);

// What YAML 1.1 took for a boolean and 1.2 does not: yes, no, on, off, y, n.
bool is_old_boolean(std::string_view text);

// What YAML 1.1 took for a number and 1.2 does not: 1:30, 1_000.
bool is_old_number(std::string_view text);

}  // namespace thermos::config
