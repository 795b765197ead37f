// What the parts of a world of nodes share: the task, time, chance, the record's disk, and the
// trace of what happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/task/graph.h"
#include "core/task/task.h"
#include "disk.h"
#include "node_disk.h"
#include "node_world.h"
#include "random.h"
#include "timeline.h"

namespace thermos::sim {

inline constexpr Microseconds kMs = kSecond / 1000;

// The file that a process may make, and what a run of it writes there.
std::string file_of(const std::string& process);
std::string bytes_of(const std::string& process, std::uint32_t run);

struct NodeSurroundings {
  NodeSurroundings(std::uint64_t seed, bool is_traced);
  // Makes up a task for the nodes of `names`.
  void make_task();

  Timestamp now() const { return {timeline.now() + 1'000'000 * kSecond, timeline.now() + kSecond}; }
  void say(const std::string& line);

  Timeline timeline;
  Random random;
  TaskConfig task;
  Graph graph;
  std::vector<std::uint32_t> fails;  // so many first runs of a process fail
  std::vector<std::string> names;    // of the nodes
  Disk disk;                         // of the task's record
  NodeDisk sandbox;                  // that of all leaders
  std::uint64_t files = 0;           // that were written, anywhere
  NodeOutcome outcome;
  bool traced;
  std::deque<std::string> lines;
};

}  // namespace thermos::sim
