// Checks of a YAML text that its parser does not make.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/config/yaml_refusal.h"

namespace thermos::config {

// Returns an error for bytes that YAML can't hold. The parser takes some of them for the end of the
// text.
std::optional<YamlRefusal> check_yaml_bytes(std::string_view text);

// Whether the text ends inside the quotes of the scalar that begins, with its anchor and tag, at
// byte `scalar`. The parser takes the end of the text for the end of the quote.
bool ends_inside_quotes(std::string_view text, std::size_t scalar);

// Whether the last line before byte `at` that is neither blank nor a comment ends a document:
// "...".
bool is_behind_document_end(std::string_view text, std::size_t at);

}  // namespace thermos::config
