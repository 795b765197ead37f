// Tasks of any size for the benchmarks, by the shape of their order.
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
  Random,  // each waits for up to three of any before it
  None,    // nobody waits
};

const char* name_of(Shape shape);

// Processes of no length in time (min_duration 0) and no failure limit.
TaskConfig make_task(Shape shape, std::uint32_t processes);

// check_task()'s graph. Ends the program where it finds a fault.
Graph graph_of(const TaskConfig& task);

}  // namespace thermos::bench
