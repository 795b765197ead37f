// Text for terminals: its width, and times and durations as text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/return_code.h"
#include "core/base/seconds.h"  // duration_text()
#include "core/base/text.h"     // printable()
#include "core/task/task.h"

namespace thermos {

// Returns how many columns printable `text` takes: two for a wide character, none for a combining
// one.
std::size_t display_width(std::string_view text);

// Return at most `width` columns of printable `text`. cut_end() replaces the end by "…".
// cut_start() replaces the start, for texts like paths. cut_middle() replaces the middle, for
// names, which differ at their ends.
std::string cut_end(std::string_view text, std::size_t width);
std::string cut_start(std::string_view text, std::size_t width);
std::string cut_middle(std::string_view text, std::size_t width);

// Does the same as cut_end() for text with colours (SGR sequences), which take no columns.
std::string cut_line(std::string_view text, std::size_t width);
// Breaks text with colours at spaces into lines of at most `width` columns; the later ones begin
// with `indent` spaces. A longer word has a line of its own. No newline at the end.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);
// Returns `line` for a terminal: colours stay, all other control characters and sequences are
// escaped.
std::string printable_colours(std::string_view line);

// Fill `text` with spaces to `width` columns, on the right or on the left. Longer text is
// unchanged.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

// The local time of day: HH:MM:SS.mmm.
std::string clock_text(Microseconds wall);
// For tables: HH:MM:SS within a day of `now`, else YYYY-mm-dd.
std::string since_text(Microseconds wall, Microseconds now);
// YYYY-mm-dd HH:MM:SS.uuuuuu, local.
std::string timestamp_text(Microseconds wall);
// YYYYmmdd-HHMMSS.uuuuuu, local: the end of a generated task id.
std::string stamp_text(Microseconds wall);
// For settings: "5 s", "0.25 s".
std::string in_seconds(Microseconds duration);

// Returns ", did you mean 'NAME'?" for the known name nearest to `word`; "" if none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

// Returns a duration without fractions of a second, for text that is redrawn all the time: "3 s",
// "3m12s".
std::string rough_text(Microseconds duration);
// "about 3m12s left", rounded up.
std::string left_text(Microseconds left);

}  // namespace thermos
