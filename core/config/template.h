// How references look inside a configuration's text. What they are bound to is config's business.
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

// The first reference or escaped reference at or behind `from`. Walking a whole text by this is
// linear in its length.
std::optional<Reference> find_reference(std::string_view text, std::size_t from);

// The text whose expansion is `text`: each {{...}} with one & more.
std::string escape_references(std::string_view text);

}  // namespace thermos
