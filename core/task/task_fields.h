// The keys that a task and its parts may have in a configuration. A key is a member in task.h, a
// line in task_fields.cc, and the code that acts on it: reading, writing, comparing, references,
// the JSON Schema and the Python package all go by these tables.
#pragma once

#include "core/task/describe.h"
#include "core/task/task.h"

namespace thermos::fields {

template <>
struct Words<LogDestination> {
  static constexpr std::array<std::string_view, 4> kAll = {"file", "console", "both", "none"};
};
template <>
struct Words<LogMode> {
  static constexpr std::array<std::string_view, 2> kAll = {"standard", "rotate"};
};

template <>
const ObjectType& object_type<TaskConfig>();
template <>
const ObjectType& object_type<ProcessConfig>();
template <>
const ObjectType& object_type<Constraint>();
template <>
const ObjectType& object_type<Resources>();
template <>
const ObjectType& object_type<Logger>();
template <>
const ObjectType& object_type<RotatePolicy>();

}  // namespace thermos::fields
