// Finds the other programs of this installation.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace thermos {

// Returns the path of the program `name` in the directory of the running program. Fails with
// NotFound if it is not there, NotPermitted if it may not be executed, or System.
Result<std::string> program_beside(std::string_view name);

}  // namespace thermos
