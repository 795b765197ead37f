// The syntax of references inside a configuration's text. references.h binds them.
//
//   {{NAME}}    is replaced by what NAME is bound to
//   {{&NAME}}   is the text {{NAME}}; each further & is kept, so {{&&NAME}} is the text {{&NAME}}
//
// NAME is a letter or '_' and then letters, digits and any of _ . - [ ], and / between brackets.
// Parts of it may be references themselves, not escaped and at most 8 deep, as in
// {{host{{number}}}}. Everything else that holds braces ({{ }}, {{a b}}, ${x}) is plain text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace thermos {

struct Reference {
  std::size_t begin = 0;  // of the "{{"
  std::size_t end = 0;    // behind the "}}"
  std::size_t escapes = 0;
  std::string_view name;  // inside the text searched
  bool nested = false;    // the name holds references
};

// Returns the first reference, escaped or not, at or after `from`. Walking through a whole text
// with it takes linear time.
std::optional<Reference> find_reference(std::string_view text, std::size_t from);

// Returns the text whose expansion is `text`: each {{...}} gets one more &.
std::string escape_references(std::string_view text);

}  // namespace thermos
