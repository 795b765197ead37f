// Runs one task over several nodes in virtual time: the runner and the nodes' links as they are,
// and simulated servers, pipes and coordinators behind them. Leaders and servers die, pipes end or
// hang, machines go down, and engines call nodes gone, rightly or not. In half of the worlds the
// processes hand on files, from one disk to the others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace thermos::sim {

struct NodeFaults {
  std::uint32_t leader_kills = 0;  // on average
  std::uint32_t server_kills = 0;
  std::uint32_t pipe_cuts = 0;  // one end learns of it long before the other
  std::uint32_t coordinator_kills = 0;
  std::uint32_t outages = 0;     // a machine goes down, and comes back
  std::uint32_t partitions = 0;  // it can't be reached, and runs on
  std::uint32_t hangs = 0;       // a pipe delivers late
  // The leader's lock is lost to another leader, and it does not know: its host stands still for a
  // while, or the file system gives its lock away.
  std::uint32_t usurpations = 0;
  bool power = false;  // the leader's machine goes down with it
  bool moves = false;  // each leader is on any of some hosts, whose clocks differ
};

struct NodeOutcome {
  std::optional<std::string> broken;
  bool success = false;
  std::uint32_t leaders = 0;
  std::uint32_t superseded = 0;  // leaders that found out that another leads
  std::uint32_t runs = 0;
  std::uint32_t repeats = 0;  // successes of processes that had succeeded: lost with their node
  std::uint32_t gone = 0;     // nodes called gone
  std::uint32_t files = 0;    // that were made
  std::uint32_t cleaned = 0;  // runs that a node ended when it was back
};

// Runs the world of this seed to the end of its task. What breaks a rule is in `broken`, with what
// led there.
NodeOutcome run_nodes(std::uint64_t seed, const NodeFaults& faults);

}  // namespace thermos::sim
