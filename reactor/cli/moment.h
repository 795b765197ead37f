// Parses the points in time that options give.
#pragma once

#include <string_view>

#include "core/base/moment_text.h"
#include "core/base/result.h"

namespace thermos {

// Returns the time zone of this program (TZ, or the machine's).
LocalZone local_zone();

// Parses a point in the past (core/base/moment_text.h) and returns its wall time. Fails with Usage;
// `option` is used in the message.
Result<Microseconds> parse_moment(std::string_view option, std::string_view text);

}  // namespace thermos
