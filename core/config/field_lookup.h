// Finds the fields of a task that the names inside {{...}} refer to, with the field tables. Nothing
// is bound here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/field_path.h"
#include "core/config/field_place.h"
#include "core/task/field.h"

namespace thermos::config {

struct FieldLookup {
  enum class Found : std::uint8_t { Yes, No, Wrong };
  Found found = Found::No;
  fields::View value;  // if found: a text, a number, a boolean or a word
  // If Wrong: the part of the error's text that follows the reference, such as "does not exist: no
  // resources are given".
  std::string wrong;
};

using Steps = std::vector<PathStep>;

// Looks among the fields of the objects inside a process or the task, from the innermost (the
// last) outwards.
FieldLookup find_beside(const Enclosing& inside, const Steps& steps);

// Looks among the fields of a process by their plain names. Returns No for a field that the process
// does not have, because the task may have it.
FieldLookup find_in_scope(fields::View process, const Steps& steps);

// Looks among the fields of the task, also by paths such as processes[0].name.
FieldLookup find_in_task(fields::View task, const Steps& steps);

}  // namespace thermos::config
