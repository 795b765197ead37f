// From a JSON tree to a task's fields: names, types and ranges, nothing about what they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/config/document.h"
#include "core/task.h"

namespace thermos::config {

// What is wrong, and where below the task.
struct Problem {
  std::string path;  // "processes[3].cmdline"; "" for the task itself
  std::string what;
  std::uint32_t line = 0;  // 0: ask line_of()
};

// A task as written: references not bound yet.
struct Draft {
  TaskConfig task;
  bool named = false;  // else task.name is empty and the first process's name stands for it
};

// Fills `draft` from `value`, whose strings are moved away.
std::optional<Problem> read_task(Value& value, Draft& draft);

}  // namespace thermos::config
