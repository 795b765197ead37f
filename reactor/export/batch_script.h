// What the scripts of batch systems have in common: a shell that runs thermos, and gets the
// engine's signals in its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thermos {

// The part of a script that calls its function thermos_run and waits for that; it ends with $status
// set. `traps` are lines of the script: what they trap calls `warn`, which has thermos yield,
// whenever the signal comes.
std::string waiting_part(std::string_view traps);

// A duration as batch systems read it: "26:03:04".
std::string clock_text(std::uint64_t seconds);

}  // namespace thermos
