// What the names inside {{...}} lead to in a task, by its tables. Nothing here binds anything.
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
  fields::View value;  // Yes: a text, a number, a boolean or a word
  // Wrong: what is said behind the reference, such as "is not there: no resources are given".
  std::string wrong;
};

using Steps = std::vector<PathStep>;

// Among the fields of the objects inside a process or the task, the innermost (the last) first.
FieldLookup find_beside(const Enclosing& inside, const Steps& steps);

// Among the fields of a process, by their plain names. What it was not given is No: the task may
// have it.
FieldLookup find_in_scope(fields::View process, const Steps& steps);

// Among the fields of the task, and by paths such as processes[0].name.
FieldLookup find_in_task(fields::View task, const Steps& steps);

}  // namespace thermos::config
