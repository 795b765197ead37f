// The other programs of this installation.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace thermos {

// The path of the program `name` in the directory of the running one. Fails with NotFound if it is
// not there, NotPermitted, or System.
Result<std::string> program_beside(std::string_view name);

}  // namespace thermos
