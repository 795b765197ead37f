// The common part of the scripts for batch systems: a shell that runs thermos and gets the engine's
// signals in its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thermos {

// Returns the part of a script that calls its function thermos_run, waits for that, and sets
// $status. `traps` are lines of the script with traps that call `warn`, which makes thermos yield,
// whenever the signal comes.
std::string waiting_part(std::string_view traps);

// Returns a duration as batch systems read it: "26:03:04".
std::string clock_text(std::uint64_t seconds);

}  // namespace thermos
