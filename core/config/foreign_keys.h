// What keys of other programs are called here, for readers of configurations in other languages.
#pragma once

#include <string>
#include <string_view>

#include "core/task/field.h"

namespace thermos::config {

// Returns what to say of a key that `type` has not, as ": here it is 'cmdline', or 'argv' without a
// shell"; "" if no other program is known to have it.
std::string foreign_hint(std::string_view key, const fields::ObjectType& type);

// Returns all hints as JSON: {"process": {"command": "here it is 'cmdline', ..."}, ...}. The Python
// package has a copy of it beside the schema.
std::string foreign_keys_json();

}  // namespace thermos::config
