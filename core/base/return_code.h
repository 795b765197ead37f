// How a process ended, as text.
#pragma once

#include <cstdint>
#include <string>

namespace thermos {

// Returns "exit 3" for an exit code, and "signal 9 (SIGKILL)" for minus a signal number.
std::string return_code_text(std::int32_t return_code);

}  // namespace thermos
