// What really runs on the nodes, against what is on record: no run starts twice, and none beside
// another of its process that nobody called gone.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/record/history.h"
#include "core/task/task.h"
#include "node_disk.h"
#include "node_world.h"

namespace thermos::sim {

class NodeLedger {
 public:
  // `task` outlives this.
  explicit NodeLedger(const TaskConfig& task) : task_(task) {}

  // Throws Broken if it may not start. `record`: what is on record; nullptr: nobody leads.
  void starts(ProcessIndex p, const std::string& node, std::uint32_t run, const History* record);
  void ends(ProcessIndex p, const std::string& node, bool success);
  // It was killed with all that it started, or its machine went down.
  void vanishes(ProcessIndex p, const std::string& node) { running_[p].erase(node); }
  // Throws Broken if a file that this run needs is not what the run of its maker wrote that has
  // succeeded on record.
  void reads(ProcessIndex p, const NodeDisk& sandbox, std::uint32_t run,
             const History* record) const;
  bool runs(ProcessIndex p, const std::string& node) const;

  // The task is over. Throws Broken if what ran is not what the record tells.
  void check_end(const History& record, const NodeDisk& sandbox, NodeOutcome& outcome) const;

 private:
  const TaskConfig& task_;
  std::set<std::pair<ProcessIndex, std::uint32_t>> started_;
  std::map<ProcessIndex, std::map<std::string, std::uint32_t>> running_;  // the run, by node
  std::map<ProcessIndex, std::uint32_t> succeeded_;
};

}  // namespace thermos::sim
