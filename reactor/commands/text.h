// Text for people: what a terminal shows, and how wide it is. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"  // printable()
#include "core/task/task.h"

namespace thermos {

// The columns that printable `text` takes: two for wide characters, none for combining ones.
std::size_t display_width(std::string_view text);

// At most `width` columns of printable `text`; what was cut shows as "…" at the end, or at the
// start for text whose end matters (paths).
std::string cut_end(std::string_view text, std::size_t width);
std::string cut_start(std::string_view text, std::size_t width);

// Filled with spaces to `width` columns; longer text stays as it is.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

// Local time of day of a wall time: HH:MM:SS.mmm.
std::string clock_text(Microseconds wall);
// For tables: HH:MM:SS within a day of `now`, else YYYY-mm-dd.
std::string since_text(Microseconds wall, Microseconds now);
// YYYY-mm-dd HH:MM:SS.uuuuuu, local.
std::string timestamp_text(Microseconds wall);
// YYYYmmdd-HHMMSS.uuuuuu, local: the end of a task id that nobody chose.
std::string stamp_text(Microseconds wall);
// "0.123s", "12.3s", "3m12s", "2h03m", "4d05h". Negative counts as 0.
std::string duration_text(Microseconds duration);
// Seconds for settings: "5 s", "0.25 s".
std::string seconds_text(Microseconds duration);

// "exit 3", "signal 9 (SIGKILL)".
std::string return_code_text(std::int32_t return_code);

// ", did you mean 'NAME'?" for the known name nearest to `word`; empty when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace thermos
