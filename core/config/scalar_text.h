// Values as the configuration writes them: the shortest text that reads back as the same one.
#pragma once

#include <string>

#include "core/task/field.h"

namespace thermos::config {

std::string number_text(double number);
// Returns what to_json() writes for a number, a boolean or a word, without quotes, and a text as it
// is.
std::string scalar_text(fields::View value);

}  // namespace thermos::config
