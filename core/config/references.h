// Binds the references in a task's texts.
//
// {{NAME}} is searched for, in this order, in
//
//   thermos.task_id, thermos.user, thermos.ports[NAME]   (nothing else may begin with "thermos.")
//   the fields of the objects around it in its process    ({{disk}} in resources)
//   the fields of the process that the text stands in     ({{name}}, {{min_duration}})
//   the fields of the task                                ({{max_failures}}, {{processes[0].name}})
//   Bindings::environment                                 (-E)
//
// {{self.NAME}} is searched for in the innermost of these objects alone; {{super.NAME}} in the
// objects around that one, from the outermost inwards. A number or a boolean may be written as a
// text whose references make it one: "{{retries}}". A value may hold references itself. They are
// looked up from where the value is used; if the value is a field that is named by a path
// ({{processes[0].cmdline}}), they are looked up in the field's own process first. A field that was
// not written has its default. Apache Aurora's Thermos has the same rules, with -E bound around the
// task.
#pragma once

#include <optional>

#include "core/config/load.h"
#include "core/config/read_task.h"

namespace thermos::config {

// Binds every reference, and gives a task without a name the name of its first process. Stops at
// `most` problems; a text that can't be bound stays as it was written.
Problems bind_references(Draft& draft, const Bindings& bindings, std::size_t most);

// Binds only the task's name, or the first process's name if the task has none, into `name`.
// Returns the problem, if there is one.
std::optional<Problem> bind_name(Draft& draft, const Bindings& bindings, std::string& name);

}  // namespace thermos::config
