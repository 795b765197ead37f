// The JSON that an evaluated configuration file (.thermos, .aurora) becomes. What reads the file
// says of each object on which of its lines it was made, so that errors can name it.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/config/document.h"

namespace thermos::config {

// {"tasks": [...]}, where an object's member "" is its line (0: in another file) and a task's
// member " names" lists what it may be called by beside its own name. Both become the tree's places
// and Document::names. One task alone is the root. BadConfig for what is no such JSON.
Result<Document> parse_evaluated(std::string_view text, std::string_view where);

}  // namespace thermos::config
