// Durations as text.
#pragma once

#include <string>

#include "core/base/times.h"

namespace thermos {

// Seconds, as the configuration writes them: "5", "0.25".
std::string seconds_text(Microseconds duration);

}  // namespace thermos
