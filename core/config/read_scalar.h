// One value of the tree as a number, a boolean or a word of a task.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/document.h"
#include "core/task/field.h"

namespace thermos::config {

// What is wrong with a value; nullopt when nothing is.
using Complaint = std::optional<std::string>;

// Into a Flag, a Count, Bytes, Seconds, a Real or a Word.
Complaint read_scalar(const Value& value, fields::Slot out);

// "must be a list, not a string", and what its author was misled by where that was YAML.
std::string wrong_kind(const Value& value, std::string_view wanted);

}  // namespace thermos::config
