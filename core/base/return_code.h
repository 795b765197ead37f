// How a process ended, as text.
#pragma once

#include <cstdint>
#include <string>

namespace thermos {

// Of an exit code, or minus a signal number: "exit 3", "signal 9 (SIGKILL)".
std::string return_code_text(std::int32_t return_code);

}  // namespace thermos
