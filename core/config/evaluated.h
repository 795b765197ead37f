// Parses the JSON that an evaluated configuration file (.thermos, .aurora) becomes. The evaluator
// records for each object the line on which it was made, so that errors can name it.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/config/document.h"

namespace thermos::config {

// The JSON is {"tasks": [...]}. An object's member "" is its line (0: in another file), and a
// task's member " names" lists what it may be called besides its own name. They become the tree's
// positions and Document::names. If there is one task alone, it is the root. Fails with BadConfig.
Result<Document> parse_evaluated(std::string_view text, std::string_view where);

}  // namespace thermos::config
