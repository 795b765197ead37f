// The coordinators of a node, and the processes that they run.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "core/record/history.h"
#include "node_files.h"
#include "node_ledger.h"
#include "node_machine.h"
#include "node_surroundings.h"

namespace thermos::sim {

class NodeCoordinators {
 public:
  // `record` gives what is on record, nullptr if nobody leads. All outlive this.
  NodeCoordinators(NodeSurroundings& around, NodeFiles& files, NodeLedger& ledger,
                   std::function<const History*()> record)
      : around_(around), files_(files), ledger_(ledger), record_(std::move(record)) {}

  // REQUIRES: the place is not locked.
  void launch(NodeMachine& machine, ProcessIndex p, std::uint32_t run, std::uint64_t seq);
  void stop(NodeMachine& machine, ProcessIndex p, std::uint32_t run);
  // Kills what a coordinator has left.
  void sweep(const NodeMachine& machine, ProcessIndex p) { ledger_.vanishes(p, machine.name); }
  // It dies, and what it runs goes on.
  void kill(NodeMachine& machine, ProcessIndex p);
  // The machine goes down.
  void lose(NodeMachine& machine);
  // Ends all that runs of the task, and removes its streams.
  void clean(NodeMachine& machine);
  // Tells the machine's server of a record, if it reads that stream.
  void relay(NodeMachine& machine, ProcessIndex p, const ProcessStatus& status);

 private:
  void step(NodeMachine& machine, ProcessIndex p, Microseconds delay,
            std::function<void(Place&)> step);
  void write(NodeMachine& machine, ProcessIndex p, ProcessState state);
  void run(NodeMachine& machine, ProcessIndex p, const Place& place);
  void make_files(NodeMachine& machine, ProcessIndex p, std::uint32_t run);
  void end(NodeMachine& machine, ProcessIndex p, ProcessState state);

  NodeSurroundings& around_;
  NodeFiles& files_;
  NodeLedger& ledger_;
  std::function<const History*()> record_;
  std::int32_t pids_ = 100;
};

}  // namespace thermos::sim
