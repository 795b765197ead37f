// The keys that a task and its parts may have in a configuration. A new key takes a member in
// task.h, an entry in task_fields.cc, and the code that acts on it. Everything else uses these
// tables: the reader, to_json(), first_difference(), references, ranges, the JSON Schema, and the
// Python package, which reads a copy of the schema (`thermos schema` prints it).
#pragma once

#include "core/task/describe.h"
#include "core/task/task.h"

namespace thermos::fields {

template <>
struct Words<Condition> {
  static constexpr std::array<std::string_view, kConditions> kAll = {"success", "start", "ready",
                                                                     "end"};
};
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
template <>
const ObjectType& object_type<Backoff>();
template <>
const ObjectType& object_type<Ready>();
template <>
const ObjectType& object_type<Healthy>();
template <>
const ObjectType& object_type<Secret>();
template <>
const ObjectType& object_type<OnYield>();
template <>
const ObjectType& object_type<Nodes>();

// Whether every number of the process is in its range. Has the result of is_in_range() for the
// process's view, which would go through the table for each of a million processes.
bool numbers_in_range(const ProcessConfig& process);

}  // namespace thermos::fields
