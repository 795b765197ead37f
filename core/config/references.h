// Binds the references in a task's texts.
//
// {{NAME}} is looked for, in this order, among
//   thermos.task_id, thermos.user, thermos.ports[NAME]   (nothing else may begin with "thermos.")
//   the fields of the objects around it in its process    ({{disk}} in resources)
//   the fields of the process that the text stands in     ({{name}}, {{min_duration}})
//   the fields of the task                                ({{max_failures}}, {{processes[0].name}})
//   Bindings::environment                                 (what -E says)
// {{self.NAME}} is looked for in the innermost of these objects alone, {{super.NAME}} in what is
// around that, from the outermost inwards. A number or a boolean may be a text with references, if
// it becomes one: "{{retries}}". What a reference leads to may hold references itself. They are
// looked up from where they are used; those of a field that is reached by a path
// ({{processes[0].cmdline}}) first in its own process. A field that was not written has its
// default. All of it is as in the ancestor, where -E was bound around the task.
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
