// A task's dependency graph in the notations that `thermos graph` prints.
#pragma once

#include <string>

#include "core/task/graph.h"
#include "core/task/task.h"
#include "reactor/store/history_json.h"

namespace thermos {

// The processes by how many others stand before them, each with what it waits for, and the longest
// chain: the fewest runs, one behind the other, that the task can take. The finalizers, which run
// after the others, are apart. REQUIRES of all: `graph` is check_task()'s of `task`.
std::string graph_text(const TaskConfig& task, const Graph& graph);
// For graphviz: `thermos graph --format dot CONFIG | dot -Tsvg`.
std::string graph_dot(const TaskConfig& task, const Graph& graph);
// A flowchart, as Markdown viewers draw it.
std::string graph_mermaid(const TaskConfig& task, const Graph& graph);
// {"task", "processes": [{"name", "level", "final", "daemon", "ephemeral", "waits_for": []}],
// "longest_chain": [], "longest_final_chain": []}; processes as configured, levels from 0 on.
Json graph_json(const TaskConfig& task, const Graph& graph);

}  // namespace thermos
