// A process with a matrix stands for one process for each combination of its values.
#pragma once

#include <string>
#include <unordered_set>

#include "core/config/document.h"
#include "core/config/read_task.h"

namespace thermos::config {

// The most processes that one matrix may make.
inline constexpr std::size_t kMaxCombinations = 10'000;

// Replaces each process of `task` whose matrix holds a list by one process for each combination of
// the values; the values of the last name change first. The matrix of each new process is its
// combination. Its name is NAME-VALUE-VALUE, or, if NAME contains {{matrix.KEY}}, NAME with these
// replaced; each '/' of a value becomes a '_'. Combinations that are in `exclude` are left out. A
// need of a NAME without {{matrix.KEY}}, and such a NAME in an order, then mean all of its
// processes. `keys` owns the document's keys. Returns the problems; a process whose matrix is wrong
// is left without one. REQUIRES: list_processes() was called for `task`.
Problems expand_matrices(Value& task, std::unordered_set<std::string>& keys);

// Returns a problem for each place where a matrix of `task` is not expanded yet: where a matrix
// holds a list, or there is an `exclude`. REQUIRES: list_processes() was called for `task`.
Problems find_unexpanded(const Value& task);

}  // namespace thermos::config
