// Finds the first place where two tasks, or two described objects of one type, differ.
#pragma once

#include <string>

#include "core/task/field.h"
#include "core/task/task.h"

namespace thermos::config {

// Returns the difference for people: "processes[2].cmdline: 'a' is now 'b'". Empty if the two are
// equal.
std::string first_difference(const TaskConfig& recorded, const TaskConfig& given);
std::string first_difference(fields::View recorded, fields::View given);

}  // namespace thermos::config
