// Durations as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/times.h"

namespace thermos {

// Returns the seconds as the configuration writes them: "5", "0.25".
std::string seconds_text(Microseconds duration);

// Returns the duration for tables and sentences: "0.123s", "12.3s", "3m12s", "2h03m", "4d05h". A
// negative duration counts as 0.
std::string duration_text(Microseconds duration);

// Reads a duration, which is the sum of its parts: "20m", "1h30m", "1.5h", "500ms"; the units are
// d, h, m, s and ms. Returns nothing if the text is no duration, or if it is longer than 10^9
// seconds (about thirty years).
std::optional<Microseconds> duration_from(std::string_view text);

}  // namespace thermos
