// A task's dependency graph in the formats of `thermos graph`.
#pragma once

#include <string>

#include "core/task/graph.h"
#include "core/task/task.h"
#include "reactor/store/history_json.h"

namespace thermos {

// Returns text: the processes by level (the length of the longest chain before them), each with the
// processes that it waits for and the condition unless that is success; and the longest chain. The
// finalizers, which run after the others, are listed apart. All these functions REQUIRE that
// `graph` is the result of check_task(task).
std::string graph_text(const TaskConfig& task, const Graph& graph);
// Returns the graph for graphviz: `thermos graph --format dot CONFIG | dot -Tsvg`.
std::string graph_dot(const TaskConfig& task, const Graph& graph);
// Returns a Mermaid flowchart, which Markdown viewers draw.
std::string graph_mermaid(const TaskConfig& task, const Graph& graph);
// Returns {"task", "processes": [{"name", "level", "final", "daemon", "ephemeral", "waits_for": [],
// "needs": [{"process", "condition"}]}], "longest_chain": [], "longest_final_chain": []}. Processes
// are in the configured order, levels start at 0. "waits_for" has the names in "needs", each once.
Json graph_json(const TaskConfig& task, const Graph& graph);

}  // namespace thermos
