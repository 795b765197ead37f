// Writes a new file for the user of a command. Never overwrites an existing file, which the user
// may have changed.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace thermos {

// Writes `text` to a new file, and removes the file if it can't be written completely. Fails with
// Usage if the file exists already (`command` begins that message), or with NotFound, NotPermitted
// or System.
Status write_new_file(std::string_view command, const std::string& file, std::string_view text);

}  // namespace thermos
