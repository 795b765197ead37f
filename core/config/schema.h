// From a tree to a task's fields: names, types and ranges, nothing about what they mean.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/config/document.h"
#include "core/config/field_place.h"
#include "core/task/task.h"

namespace thermos::config {

// What is wrong, and where below the task.
struct Problem {
  std::string path;  // "processes[3].cmdline"; "" for the task itself
  std::string what;
  Position at;  // line 0: ask position_of()
  // The field that does not have its author's value because of this, such as the one that is
  // missing: what is said of it, or of what it holds, would be said of a stand-in.
  std::optional<std::string> spoiled;
};
using Problems = std::vector<Problem>;

// A number, a boolean or a word that is written as a text with references, such as "{{retries}}".
struct Deferred {
  std::string path;
  fields::Slot slot;    // where what it becomes goes
  Enclosing enclosing;  // whose fields its references may name plainly
  std::string text;
};

// Reads `bound`, which the text became, into its field. Returns the error, or nothing.
std::optional<std::string> settle(const Deferred& deferred, const std::string& bound);

// A task as written: references not bound yet. Stays where it is: what is deferred points into it.
struct Draft {
  Draft() = default;
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  TaskConfig task;
  bool named = false;  // else task.name is empty and the first process's name stands for it
  std::vector<Deferred> deferred;
};

// Fills `draft` from `value`, whose strings are moved away. Stops at `most` problems.
Problems read_task(Value& value, Draft& draft, std::size_t most);

// Reads any struct that has an ObjectType. It stays where it is while `deferred` is used.
Problems read_object(Value& value, fields::Slot object, std::vector<Deferred>& deferred,
                     std::size_t most);

}  // namespace thermos::config
