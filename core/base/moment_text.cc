#include "core/base/moment_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

#include "core/base/seconds.h"
#include "core/base/text.h"

namespace thermos {
namespace {

constexpr Microseconds kMinute = 60 * kSecond;
constexpr Microseconds kDay = 86'400 * kSecond;

Error refuse(std::string_view text, std::string_view why) {
  return {ErrorCode::Usage, quoted(text) + ": " + std::string(why)};
}

Error no_time(std::string_view text) {
  return refuse(text,
                "this is no time; give 10:00 (today), 2026-11-27T10:00:05, -5m (ago), or seconds "
                "since the epoch");
}

bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_of(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap(year) ? 1 : 0);
}

// Returns the days from the epoch to midnight of that day, by the proleptic Gregorian calendar.
std::int64_t days_since_epoch(int year, int month, int day) {
  std::int64_t days = 0;
  for (int before = 1970; before < year; ++before) days += is_leap(before) ? 366 : 365;
  for (int before = 1; before < month; ++before) days += days_of(year, before);
  return days + day - 1;
}

// Takes parts off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool empty() const { return text_.empty(); }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Takes a number of exactly `digits` digits.
  bool number(std::size_t digits, int& value) {
    if (text_.size() < digits) return false;
    value = 0;
    for (const char c : text_.substr(0, digits)) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(digits);
    return true;
  }
  // Takes a fraction such as ".25". If there is none, `value` is 0.
  bool fraction(Microseconds& value) {
    value = 0;
    if (!take('.')) return true;
    Microseconds unit = kSecond / 10;
    std::size_t digits = 0;
    while (digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9') {
      value += unit * (text_[digits] - '0');
      unit /= 10;
      ++digits;
    }
    text_.remove_prefix(digits);
    return digits > 0;
  }

 private:
  std::string_view text_;
};

bool take_time_of_day(Scanner& scan, CivilTime& time) {
  if (!scan.number(2, time.hour) || !scan.take(':') || !scan.number(2, time.minute)) return false;
  if (!scan.take(':')) return true;
  int seconds = 0;
  Microseconds fraction = 0;
  if (!scan.number(2, seconds) || !scan.fraction(fraction)) return false;
  time.second = seconds * kSecond + fraction;
  return true;
}

// Takes "Z", "+01:00", "-0530" or "+01". If there is nothing, `east` stays as it is.
bool take_zone(Scanner& scan, std::optional<Microseconds>& east) {
  if (scan.empty()) return true;
  if (scan.take('Z')) {
    east = 0;
    return true;
  }
  const bool west = scan.take('-');
  if (!west && !scan.take('+')) return false;
  int hours = 0;
  int minutes = 0;
  if (!scan.number(2, hours)) return false;
  if (!scan.empty()) {
    scan.take(':');
    if (!scan.number(2, minutes)) return false;
  }
  if (hours > 23 || minutes > 59) return false;
  east = (hours * 60 + minutes) * kMinute * (west ? -1 : 1);
  return true;
}

bool is_possible(const CivilTime& time) {
  return time.year >= 1970 && time.month >= 1 && time.month <= 12 && time.day >= 1 &&
         time.day <= days_of(time.year, time.month) && time.hour <= 23 && time.minute <= 59 &&
         time.second < kMinute;
}

Result<Microseconds> wall_of(std::string_view text, const CivilTime& time,
                             const std::optional<Microseconds>& east, const LocalZone& zone) {
  if (!is_possible(time)) return refuse(text, "there is no such time");
  if (east) {
    return days_since_epoch(time.year, time.month, time.day) * kDay +
           (time.hour * 60 + time.minute) * kMinute + time.second - *east;
  }
  const auto wall = zone.wall(time);
  if (!wall) return refuse(text, "there is no such time here: the clock was put forward over it");
  return *wall;
}

std::optional<Microseconds> epoch_seconds(std::string_view text) {
  constexpr double kLatest = 1e12;
  double seconds = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
  if (error != std::errc() || stop != end || seconds > kLatest) return std::nullopt;
  return std::llround(seconds * static_cast<double>(kSecond));
}

Result<Microseconds> any_moment_from(std::string_view text, Microseconds now,
                                     const LocalZone& zone) {
  if (text == "now") return now;
  if (text.starts_with('-')) {
    const auto ago = duration_from(text.substr(1));
    if (!ago) return no_time(text);
    return now - *ago;
  }
  if (const auto seconds = epoch_seconds(text)) return *seconds;
  Scanner of_today(text);
  CivilTime today = zone.civil(now);
  today.second = 0;
  if (take_time_of_day(of_today, today) && of_today.empty()) return wall_of(text, today, {}, zone);
  Scanner scan(text);
  CivilTime time;
  std::optional<Microseconds> east;
  if (!scan.number(4, time.year) || !scan.take('-') || !scan.number(2, time.month) ||
      !scan.take('-') || !scan.number(2, time.day)) {
    return no_time(text);
  }
  if (!scan.empty()) {
    if (!scan.take('T') && !scan.take(' ')) return no_time(text);
    if (!take_time_of_day(scan, time) || !take_zone(scan, east) || !scan.empty()) {
      return no_time(text);
    }
  }
  return wall_of(text, time, east, zone);
}

}  // namespace

Result<Microseconds> moment_from(std::string_view text, Microseconds now, const LocalZone& zone) {
  Result<Microseconds> moment = any_moment_from(text, now, zone);
  if (moment && *moment > now) return refuse(text, "this time has not come yet");
  return moment;
}

}  // namespace thermos
