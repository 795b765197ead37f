// Reads a text without quotes as YAML 1.2 does (its "core schema"): null, a boolean, a number, or a
// string.
#pragma once

#include <string_view>

#include "core/config/document.h"

namespace thermos::config {

// Returns the value, without a position; a text that means nothing else is a string.
Value plain_scalar(std::string_view text);

// Whether `text` is an integer with a leading zero, such as 010: YAML 1.1 reads that as 8 and YAML
// 1.2 as 10.
bool has_leading_zero(std::string_view text);

// Whether YAML 1.1 reads `text` as a boolean and 1.2 does not: yes, no, on, off, y, n.
bool is_old_boolean(std::string_view text);

// Whether YAML 1.1 reads `text` as a number and 1.2 does not: 1:30, 1_000.
bool is_old_number(std::string_view text);

}  // namespace thermos::config
