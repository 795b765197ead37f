// Reads a tree into a task's fields. Names, types and ranges are checked, but not whether the
// fields fit together.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/config/document.h"
#include "core/config/field_place.h"
#include "core/task/task.h"

namespace thermos::config {

// One problem, and its place below the task.
struct Problem {
  std::string path;  // "processes[3].cmdline"; "" for the task itself
  std::string what;
  Position at;  // line 0: position_of() finds it
  // The field that lacks its author's value because of this problem, for example because it is
  // missing. A further problem in this field, or below it, would be one of a stand-in value.
  std::optional<std::string> spoiled;
};
using Problems = std::vector<Problem>;

// A number, a boolean or a word that is written as a text with references, such as "{{retries}}".
struct Deferred {
  std::string path;
  fields::Slot slot;    // the field that gets its value
  Enclosing enclosing;  // the objects whose fields its references may name without a path
  std::string text;
};

// Reads `bound`, the text with its references replaced, into its field. Returns the error, or
// nothing.
std::optional<std::string> settle(const Deferred& deferred, const std::string& bound);

// A task as written, with its references not bound yet. It must not move: `deferred` points into
// it.
struct Draft {
  Draft() = default;
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  TaskConfig task;
  bool named = false;  // if false, task.name is empty and the first process's name is used
  std::vector<Deferred> deferred;
};

// Fills `draft` from `value`, and moves the strings out of `value`. Stops at `most` problems.
Problems read_task(Value& value, Draft& draft, std::size_t most);

// Reads any struct that has an ObjectType. The struct must not move while `deferred` is used.
Problems read_object(Value& value, fields::Slot object, std::vector<Deferred>& deferred,
                     std::size_t most);

}  // namespace thermos::config
