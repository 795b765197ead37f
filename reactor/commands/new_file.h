// A file that a command makes for people, who may have changed the one of that name.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace thermos {

// Writes `text` to a new file; one that can't be written whole is removed. Fails with Usage if
// there is a file already (`command` begins that message), NotFound, NotPermitted or System.
Status write_new_file(std::string_view command, const std::string& file, std::string_view text);

}  // namespace thermos
