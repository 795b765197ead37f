// A process with a matrix stands for one process for each combination of its values.
#pragma once

#include <string>
#include <unordered_set>

#include "core/config/document.h"
#include "core/config/read_task.h"

namespace thermos::config {

// So many processes one matrix may make.
inline constexpr std::size_t kMaxCombinations = 10'000;

// Puts in the place of each process of `task` whose matrix holds a list one process for each
// combination, the last name's values changing first. Its matrix is then the combination, and its
// name NAME-VALUE-VALUE with a '_' for each '/', or NAME with its {{matrix.KEY}} replaced if it has
// such. Combinations that are in `exclude` are left out. A need of NAME, and NAME in an order, then
// mean all of its processes. `keys` owns the document's keys. `task` is as list_processes() leaves
// it. Returns what is wrong; a process whose matrix is wrong is left without one.
Problems expand_matrices(Value& task, std::unordered_set<std::string>& keys);

// Returns where `task`, which is as list_processes() leaves it, says that matrices are to be
// expanded: where a matrix holds a list, or there is an `exclude`.
Problems find_unexpanded(const Value& task);

}  // namespace thermos::config
