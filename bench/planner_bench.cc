// The planner: it is built from a checked task and run until all processes have finished. An item
// is a process while building, and a transition (runnable to running, running to finished) while
// running.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "bench/sizes.h"
#include "bench/tasks.h"
#include "core/task/task_planner.h"

namespace thermos::bench {
namespace {

void check(benchmark::State& state, Shape shape) {
  const auto processes = static_cast<std::uint32_t>(state.range(0));
  const TaskConfig task = make_task(shape, processes);
  for (auto _ : state) {
    const Graph graph = graph_of(task);
    benchmark::DoNotOptimize(graph.size());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void build(benchmark::State& state, Shape shape) {
  const auto processes = static_cast<std::uint32_t>(state.range(0));
  const TaskConfig task = make_task(shape, processes);
  const Graph graph = graph_of(task);
  for (auto _ : state) {
    const TaskPlanner planner(task, graph, TaskPlanner::Stage::Regular);
    benchmark::DoNotOptimize(planner.size());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void drain(benchmark::State& state, Shape shape) {
  const auto processes = static_cast<std::uint32_t>(state.range(0));
  const TaskConfig task = make_task(shape, processes);
  const Graph graph = graph_of(task);
  for (auto _ : state) {
    state.PauseTiming();
    TaskPlanner planner(task, graph, TaskPlanner::Stage::Regular);
    state.ResumeTiming();
    Microseconds now = 1;
    while (const auto p = planner.pop_ready(now)) {
      planner.set_running(*p);
      planner.add_success(*p, ++now);
    }
    if (!planner.complete()) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * 2 * state.range(0));
}

[[maybe_unused]] const bool kRegistered = [] {
  const std::pair<const char*, void (*)(benchmark::State&, Shape)> subjects[] = {
      {"check_task", check}, {"build", build}, {"drain", drain}};
  for (const auto& [subject, run] : subjects) {
    for (const Shape shape : {Shape::Chain, Shape::Fan, Shape::Layers, Shape::Random}) {
      const std::string name = std::string(subject) + "/" + name_of(shape);
      auto* bench = benchmark::RegisterBenchmark(name.c_str(), run, shape);
      for (const std::int64_t size : sizes({1'000, 10'000, 100'000, 1'000'000})) bench->Arg(size);
      bench->Unit(benchmark::kMillisecond);
    }
  }
  return true;
}();

}  // namespace
}  // namespace thermos::bench

BENCHMARK_MAIN();
