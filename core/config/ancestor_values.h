// What the task files of Apache Thermos say in another way: it wrote its tasks as JSON, too, with
// 0 and 1 for false and true, numbers as texts where their authors wrote them so, and a few keys
// that mean nothing here.
#pragma once

#include "core/config/document.h"

namespace thermos::config {

// Rewrites such values of `task` as they are written here: flags and numbers of those keys that it
// knew. Takes out `min_successes`, and `gpu` and `best_effort` of the resources, where they are
// numbers. Whatever else is there stays as it is, to be refused by who reads it. `task` has a list
// of processes.
void settle_ancestor_values(Value& task);

}  // namespace thermos::config
