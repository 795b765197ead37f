// A node's machine, as its power, its lock file and its disk have it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/record/record.h"
#include "core/runner/node_claim_rule.h"
#include "node_disk.h"
#include "node_pipe.h"

namespace thermos::sim {

// A process's stream and coordinator on one node.
struct Place {
  std::vector<ProcessStatus> stream;
  bool locked = false;  // a launch is under way, or a coordinator lives
  std::uint32_t run = 0;
  std::uint64_t next_seq = 0;
  Identity coordinator;
  bool stop_asked = false;
  std::uint64_t life = 0;  // steps planned for an earlier coordinator are dropped
};

struct NodeMachine {
  std::string name;
  bool powered = true;
  bool reachable = true;
  std::uint64_t boots = 1;
  std::optional<NodeHolder> file;    // what the file holds that servers lock
  NodePipePtr server;                // that has its lock
  std::vector<NodePipePtr> waiting;  // for the lock
  std::map<ProcessIndex, Place> places;
  NodeDisk sandbox;
  BootId boot() const { return {std::hash<std::string>()(name) | 1U, boots}; }
};

}  // namespace thermos::sim
