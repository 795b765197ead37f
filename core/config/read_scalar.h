// Reads a number, a boolean or a word of a task from a value of the document.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/document.h"
#include "core/task/field.h"

namespace thermos::config {

// The error in a value, or nothing.
using Complaint = std::optional<std::string>;

// REQUIRES: `out` is a Flag, a Count, Bytes, Seconds, a Real, a Word or a Signal.
Complaint read_scalar(const Value& value, fields::Slot out);

// Returns "must be a list, not a string", with advice where YAML misled the author.
std::string wrong_kind(const Value& value, std::string_view wanted);

}  // namespace thermos::config
