// Finds the first place where two described objects of one type differ. load.h has it for tasks.
#pragma once

#include <string>

#include "core/task/field.h"

namespace thermos::config {

// Such as "processes[2].cmdline: 'a' is now 'b'"; empty if they are equal.
std::string first_difference(fields::View recorded, fields::View given);

}  // namespace thermos::config
