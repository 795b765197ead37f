// How the servers of a task's nodes are started: a launcher is a command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/task/task.h"

namespace thermos {

struct NodeStarter {
  std::vector<std::string> names;  // of the nodes, in the order in which they are tried
  std::string start;               // for /bin/sh; {node} in it is the node's name
  std::string gone;                // exits with 0 when the node is gone; empty: no such command
};

// Reads a task's `nodes`: "slurm" (the nodes of the job that this program runs in), "ssh:A,B", or
// "A,B=COMMAND". Fails with BadConfig for anything else, for a name that no node can have, and for
// a command without {node}; with NotFound if the engine does not tell its nodes. Asks the engine,
// and blocks meanwhile.
Result<NodeStarter> find_nodes(const Nodes& nodes);

// Returns `command` with each {node} replaced by the name, quoted for the shell.
std::string command_for(std::string_view command, std::string_view node);

}  // namespace thermos
