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

// What is wrong with the `needs_files` and `makes_files` of `carrying`, the processes that have
// any: no path of a file below the sandbox in its shortest form, a path that is given twice or made
// by two processes, or {node} where it is not known which one is meant.
std::vector<FileFault> find_file_faults(const TaskConfig& task,
                                        const std::vector<ProcessIndex>& carrying);

// A process that needs the file of another must wait for that one's success. Returns a fault for
// each process that could start earlier. Takes a walk of the graph, or a part of it, for each 64
// processes that make such files. REQUIRES: `graph` is of `task` and has no cycle, and
// find_file_faults() found none.
std::vector<FileFault> find_file_order_faults(const TaskConfig& task, const Graph& graph,
                                              const std::vector<ProcessIndex>& carrying);

}  // namespace thermos
