// Moments that options name.
#pragma once

#include <string_view>

#include "core/base/moment_text.h"
#include "core/base/result.h"

namespace thermos {

// The zone of this program (TZ, or the machine's).
LocalZone local_zone();

// Parses a moment of the past (core/base/moment_text.h). Fails with Usage; `option` is for the
// message.
Result<Microseconds> parse_moment(std::string_view option, std::string_view text);

}  // namespace thermos
