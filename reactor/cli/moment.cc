#include "reactor/cli/moment.h"

#include <ctime>

#include <optional>
#include <string>

#include "reactor/os/clocks.h"

namespace thermos {
namespace {

CivilTime civil_time(Microseconds wall) {
  const std::time_t seconds = wall / kSecond;
  std::tm time{};
  ::localtime_r(&seconds, &time);
  return {time.tm_year + 1900, time.tm_mon + 1, time.tm_mday,
          time.tm_hour,        time.tm_min,     time.tm_sec * kSecond + wall % kSecond};
}

std::optional<Microseconds> wall_time(const CivilTime& civil) {
  std::tm time{};
  time.tm_year = civil.year - 1900;
  time.tm_mon = civil.month - 1;
  time.tm_mday = civil.day;
  time.tm_hour = civil.hour;
  time.tm_min = civil.minute;
  time.tm_sec = static_cast<int>(civil.second / kSecond);
  time.tm_isdst = -1;
  const std::time_t seconds = ::mktime(&time);
  // mktime() moves a time that does not exist, because the clock was put forward over it.
  if (time.tm_hour != civil.hour || time.tm_min != civil.minute) return std::nullopt;
  return seconds * kSecond + civil.second % kSecond;
}

}  // namespace

LocalZone local_zone() {
  return {civil_time, wall_time};
}

Result<Microseconds> parse_moment(std::string_view option, std::string_view text) {
  Result<Microseconds> moment = moment_from(text, read_clocks().wall, local_zone());
  if (!moment) {
    return Error{moment.error().code, std::string(option) + " " + moment.error().message};
  }
  return moment;
}

}  // namespace thermos
