#include "bench/tasks.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>

#include "core/task/check_task.h"

namespace thermos::bench {

const char* name_of(Shape shape) {
  switch (shape) {
    case Shape::Chain:
      return "chain";
    case Shape::Fan:
      return "fan";
    case Shape::Layers:
      return "layers";
    case Shape::Random:
      return "random";
    case Shape::None:
      return "none";
  }
  return "";
}

TaskConfig make_task(Shape shape, std::uint32_t processes) {
  TaskConfig task;
  task.name = "bench";
  task.max_failures = 0;
  task.processes.resize(processes);
  for (std::uint32_t p = 0; p < processes; ++p) {
    task.processes[p].name = "step_" + std::to_string(p);
    task.processes[p].cmdline = "true";
    task.processes[p].min_duration = 0;
  }
  const auto wait = [&](std::uint32_t after, std::uint32_t before) {
    task.constraints.push_back({{task.processes[before].name, task.processes[after].name}});
  };
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same task every time
  constexpr std::uint32_t kLayer = 10;
  if (shape == Shape::Chain) {
    Constraint chain;
    for (const ProcessConfig& process : task.processes) chain.order.push_back(process.name);
    task.constraints.push_back(std::move(chain));
    return task;
  }
  for (std::uint32_t p = 1; p < processes; ++p) {
    if (shape == Shape::Fan) wait(p, 0);
    for (std::uint32_t i = 0; i < 3; ++i) {
      if (shape == Shape::Random) wait(p, static_cast<std::uint32_t>(random() % p));
      if (shape == Shape::Layers && p >= kLayer) {
        const std::uint32_t before = (p / kLayer - 1) * kLayer;
        wait(p, before + (p + 3 * i) % kLayer);
      }
    }
  }
  return task;
}

Graph graph_of(const TaskConfig& task) {
  auto graph = check_task(task);
  if (!graph) {
    std::fprintf(stderr, "%s\n", graph.error().message.c_str());
    std::exit(1);
  }
  return std::move(*graph);
}

}  // namespace thermos::bench
