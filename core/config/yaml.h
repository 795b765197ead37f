// Reads YAML 1.2 text into the same tree as JSON. Tags other than YAML's own, keys that are not
// strings, a repeated key, and texts that YAML 1.1 and 1.2 read as different numbers are refused.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/config/document.h"

namespace thermos::config {

// Returns one document, or a list of them if there are several. Aliases are copied and merge keys
// ("<<") merged. Fails as parse_json() does: "where:line:column: ...".
Result<Document> parse_yaml(std::string_view text, std::string_view where);

}  // namespace thermos::config
