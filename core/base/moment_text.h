// Moments of the past as people write them.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/base/times.h"

namespace thermos {

// A date and a time of day, without a time zone.
struct CivilTime {
  int year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
  int hour = 0;
  int minute = 0;
  Microseconds second = 0;  // in microseconds, below a minute
  bool operator==(const CivilTime&) const = default;
};

// Converts times by the local time zone, which only the system knows.
struct LocalZone {
  std::function<CivilTime(Microseconds wall)> civil;
  // Returns nothing if there is no such time, because a clock was put forward over it.
  std::function<std::optional<Microseconds>(const CivilTime&)> wall;
};

// Returns the wall time, in microseconds, that `text` means: seconds since the epoch; an ISO 8601
// time, local if it names no zone ("2026-11-27T10:00:05.25+01:00", "2026-11-27"); a time of today
// ("10:00", "10:00:05"); "now"; or how long ago it was ("-5m", "-1h30m"). Fails with Usage if
// `text` is none of these, if there is no such time, or if the time is later than `now`.
Result<Microseconds> moment_from(std::string_view text, Microseconds now, const LocalZone& zone);

}  // namespace thermos
