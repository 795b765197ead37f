// Processes that are written as a map, each behind its name.
#pragma once

#include "core/config/document.h"
#include "core/config/read_task.h"

namespace thermos::config {

// Makes a list of the processes of `task` if they are a map: in the order written, each with the
// name that it stands behind. Returns a problem for each one that has another name inside.
Problems list_processes(Value& task);

}  // namespace thermos::config
