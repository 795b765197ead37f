// YAML 1.2 text as the same tree as JSON's. Tags other than YAML's own, keys that are no texts, a
// key twice and whatever YAML 1.1 and 1.2 read differently as a number are refused.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/config/document.h"

namespace thermos::config {

// One document, or a list of them when there are several. Aliases are copied in and merge keys
// ("<<") carried out. Errors as parse_json()'s: "where:line:column: ...".
Result<Document> parse_yaml(std::string_view text, std::string_view where);

}  // namespace thermos::config
