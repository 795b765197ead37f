// Converts the forms of values that only the task files of Apache Thermos have. Apache Thermos
// wrote its tasks as JSON, too, with 0 and 1 for false and true, with numbers as texts where their
// authors wrote them so, and with a few keys that mean nothing to this program.
#pragma once

#include "core/config/document.h"

namespace thermos::config {

// Rewrites such values of `task` in this program's form, but only the flags and numbers of the keys
// that Apache Thermos had. Removes `min_successes`, and `gpu` and `best_effort` from the resources,
// if their values are whole numbers and not negative. Leaves everything else as it is; read_task()
// refuses what is wrong. REQUIRES: list_processes() was called for `task`.
void settle_ancestor_values(Value& task);

}  // namespace thermos::config
