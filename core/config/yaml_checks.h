// What the YAML parser lets pass, and what it takes for something else.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/config/yaml_refusal.h"

namespace thermos::config {

// Bytes that YAML can't hold. The parser would take some of them for the end of the text.
std::optional<YamlRefusal> check_yaml_bytes(std::string_view text);

// Does the text end inside the quotes of the scalar that begins at byte `scalar`, its anchor and
// its tag included? The parser takes the end of the text for the end of the quote.
bool ends_inside_quotes(std::string_view text, std::size_t scalar);

// Is the last line before byte `at` that says something the end of a document, "..."?
bool is_behind_document_end(std::string_view text, std::size_t at);

}  // namespace thermos::config
