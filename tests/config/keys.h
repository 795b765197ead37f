// The keys of a process and of a task, as messages list them.
#pragma once

#include <string>

#include "core/task/task_fields.h"

namespace thermos::config {

inline std::string keys_of(const fields::ObjectType& type) {
  std::string keys;
  for (const fields::Field& field : type.fields) {
    keys.append(keys.empty() ? "" : ", ").append(field.key);
  }
  return keys;
}
inline std::string process_keys() {
  return keys_of(fields::object_type<ProcessConfig>());
}
inline std::string task_keys() {
  return keys_of(fields::object_type<TaskConfig>());
}

}  // namespace thermos::config
