// Checks which files the processes of a task need and make.
#pragma once

#include <string>
#include <vector>

#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos {

struct FileFault {
  std::string path;  // "processes[3].needs_files[0]"
  std::string what;
};

// Returns what is wrong with the `needs_files` and `makes_files` of `carrying`, the processes that
// have any: a path that does not name a file below the sandbox in its shortest form, a path that is
// given twice or made by two processes, or a {node} for which it is not known which node is meant.
std::vector<FileFault> find_file_faults(const TaskConfig& task,
                                        const std::vector<ProcessIndex>& carrying);

// Returns a fault for each process that needs a file of another process and could start before that
// process has succeeded. Takes one walk of the graph, or of a part of it, for each 64 processes
// that make such files. REQUIRES: `graph` is of `task` and has no cycle, and find_file_faults()
// found no faults.
std::vector<FileFault> find_file_order_faults(const TaskConfig& task, const Graph& graph,
                                              const std::vector<ProcessIndex>& carrying);

}  // namespace thermos
