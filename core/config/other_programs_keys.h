// Maps the keys of other programs' configurations to this program's keys, for hints in errors.
#pragma once

#include <string>
#include <string_view>

#include "core/task/field.h"

namespace thermos::config {

// Returns the hint for a key that `type` does not have, such as ": here it is 'cmdline', or 'argv'
// without a shell"; "" if no other program is known to have the key.
std::string foreign_hint(std::string_view key, const fields::ObjectType& type);

// Returns all hints as JSON: {"process": {"command": "here it is 'cmdline', ..."}, ...}, for
// readers in other languages. The Python package has a copy of this JSON beside the schema.
std::string foreign_keys_json();

}  // namespace thermos::config
