// Tasks of any size for the benchmarks, with different shapes of their order.
#pragma once

#include <cstdint>
#include <string>

#include "core/task/graph.h"
#include "core/task/task.h"

namespace thermos::bench {

enum class Shape : std::uint8_t {
  Chain,   // each waits for the one before
  Fan,     // all wait for the first
  Layers,  // layers of 10; each waits for three of the layer before
  Random,  // each waits for up to three of those before it
  None,    // none waits
};

const char* name_of(Shape shape);

// Makes a task of processes with min_duration 0 and without a failure limit.
TaskConfig make_task(Shape shape, std::uint32_t processes);

// Returns the graph of check_task(). Ends the program if that finds an error.
Graph graph_of(const TaskConfig& task);

}  // namespace thermos::bench
