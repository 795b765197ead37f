// Numbers as the configuration writes them: the shortest text that reads back as the same number.
#pragma once

#include <string>

#include "core/task/task.h"

namespace thermos::config {

std::string number_text(double number);
// Seconds: "5", "0.25".
std::string seconds_text(Microseconds duration);

}  // namespace thermos::config
