// From a tree to a task's fields: names, types and ranges, nothing about what they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/config/document.h"
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

// A number or a boolean written as a text with references, such as "{{retries}}".
struct Deferred {
  std::string path;
  std::optional<std::size_t> process;  // whose fields its references see first; none: the task's
  std::string text;
  // Reads what the text became into its field. What is wrong with it; nullopt: nothing.
  std::function<std::optional<std::string>(const std::string&)> settle;
};

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

}  // namespace thermos::config
