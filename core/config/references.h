// Binds the references in a task's texts.
//
// {{NAME}} is looked for, in this order, among
//   thermos.task_id, thermos.user, thermos.ports[NAME]   (nothing else may begin with "thermos.")
//   Bindings::environment                                 (-E wins over the task's own fields)
//   the fields of the object that a number stands in      ({{disk}} in resources)
//   the fields of the process that the text stands in     ({{name}}, {{min_duration}})
//   the fields of the task                                ({{name}}, {{processes[0].name}})
// A number or a boolean may be a text with references, if it becomes one: "{{retries}}".
// What a reference leads to may hold references itself: a field's are looked up from where the
// field stands, a binding's from where it is used. A field that was not written has its default.
#pragma once

#include <optional>

#include "core/config/load.h"
#include "core/config/schema.h"

namespace thermos::config {

// Binds everything and gives a task without a name its first process's. Stops at `most` problems;
// a text that can't be bound stays as it was written.
Problems bind_references(Draft& draft, const Bindings& bindings, std::size_t most);

// Binds the task's name alone, or that of the first process where it stands for it, into `name`.
std::optional<Problem> bind_name(Draft& draft, const Bindings& bindings, std::string& name);

}  // namespace thermos::config
