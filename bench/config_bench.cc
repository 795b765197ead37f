// Configuration: text to a checked task, binding its references, and back to text. An item is a
// process.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/sizes.h"
#include "bench/tasks.h"
#include "core/config/load.h"
#include "core/config/to_json.h"

namespace thermos::bench {
namespace {

config::Bindings bindings() {
  config::Bindings bindings;
  bindings.task_id = "bench-1";
  bindings.user = "ada";
  bindings.ports = {{"http", 8080}};
  bindings.environment = {{"STAGE", "test"}, {"DATA", "/srv/data"}};
  return bindings;
}

constexpr const char* kPlain = "work /srv/data/test 8080 bench-1";
constexpr const char* kWithReferences =
    "work {{DATA}}/{{STAGE}} {{thermos.ports[http]}} {{thermos.task_id}}";

// A task in layers, in which every command line is `command`.
std::string text_of(std::int64_t processes, const char* command) {
  TaskConfig task = make_task(Shape::Layers, static_cast<std::uint32_t>(processes));
  for (ProcessConfig& process : task.processes) process.cmdline = "COMMAND";
  std::string text = config::to_json(task, 2);
  // Inserted after to_json(), which would escape the references.
  const std::string mark = "COMMAND";
  std::string whole;
  std::size_t from = 0;
  for (std::size_t at = 0; (at = text.find(mark, from)) != std::string::npos;) {
    whole.append(text, from, at - from).append(command);
    from = at + mark.size();
  }
  return whole.append(text, from);
}

void load(benchmark::State& state, const char* command) {
  const std::string text = text_of(state.range(0), command);
  const config::Bindings bound = bindings();
  for (auto _ : state) {
    const auto task = config::load(text, "bench.json", "", bound);
    if (!task) {
      std::fprintf(stderr, "%s\n", task.error().message.c_str());
      std::exit(1);
    }
    benchmark::DoNotOptimize(task->processes.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void write(benchmark::State& state) {
  const TaskConfig task = make_task(Shape::Layers, static_cast<std::uint32_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(config::to_json(task, 2));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void all_sizes(benchmark::internal::Benchmark* bench) {
  for (const std::int64_t size : sizes({100, 1'000, 10'000, 100'000})) bench->Arg(size);
  bench->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(load, plain, kPlain)->Apply(all_sizes);
BENCHMARK_CAPTURE(load, references, kWithReferences)->Apply(all_sizes);
BENCHMARK(write)->Apply(all_sizes);

}  // namespace
}  // namespace thermos::bench

BENCHMARK_MAIN();
