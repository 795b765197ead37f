// Processes that are written as a map from their names.
#pragma once

#include "core/config/document.h"
#include "core/config/read_task.h"

namespace thermos::config {

// If the processes of `task` are a map, makes a list of them, in the order written, and gives each
// process its key as its name. Returns a problem for each process that has another name inside.
Problems list_processes(Value& task);

}  // namespace thermos::config
