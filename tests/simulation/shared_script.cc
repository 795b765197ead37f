#include "shared_script.h"

#include <stdexcept>
#include <string>

#include "core/task/check_task.h"
#include "random.h"

namespace thermos::sim {
namespace {

void add_uses(ProcessConfig& process, const Named<std::uint32_t>& pools, std::uint32_t percent,
              Random& random) {
  for (const auto& [name, amount] : pools.entries) {
    if (!random.chance(percent)) continue;
    process.uses.entries.emplace_back(name, 1 + random.below(amount));
  }
}

void add_processes(SharedTask& shared, const SharedScript& script, Random& random) {
  TaskConfig& task = shared.task;
  const std::uint32_t n = 1 + random.below(5);
  for (ProcessIndex p = 0; p < n; ++p) {
    ProcessConfig& process = task.processes.emplace_back();
    process.name = "p" + std::to_string(p);
    process.cmdline = "true";
    process.max_failures = 0;
    process.min_duration = random.pick<Microseconds>({0, 0, kSecond});
    process.daemon = shared.endless;
    add_uses(process, script.pools, 60, random);
    add_uses(process, task.pools, 50, random);
    if (shared.endless || p == 0 || !random.chance(30)) continue;
    const ProcessIndex before = random.below(p);
    process.needs.entries = {{task.processes[before].name, Condition::Success}};
    shared.edges.push_back({before, p});
  }
}

SharedTask make_task(const SharedScript& script, std::size_t number, Random& random) {
  SharedTask shared;
  shared.endless = random.chance(20);
  shared.launched_at = static_cast<Microseconds>(number) * random.between(1, 3 * kSecond);
  TaskConfig& task = shared.task;
  task.name = "t" + std::to_string(number);
  task.finalization_wait = random.pick<Microseconds>({0, 2 * kSecond, 30 * kSecond});
  if (random.chance(30)) task.max_concurrency = 1 + random.below(3);
  if (random.chance(30)) task.pools.entries = {{"own", 1 + random.below(2)}};
  add_processes(shared, script, random);
  if (random.chance(15)) shared.killed_at = random.between(0, 20 * kSecond);
  if (random.chance(30)) {
    const Microseconds from = random.between(0, 10 * kSecond);
    shared.holds.push_back({random.below(static_cast<std::uint32_t>(task.processes.size())), from,
                            from + random.between(0, 10 * kSecond)});
  }
  auto graph = check_task(task, PoolsOf::Daemon);
  if (!graph) throw std::logic_error(graph.error().message);
  shared.graph = std::move(*graph);
  return shared;
}

}  // namespace

SharedScript make_shared_script(std::uint64_t seed) {
  Random random(seed);
  SharedScript script;
  script.seed = seed;
  const std::uint32_t pools = 1 + random.below(3);
  for (std::uint32_t i = 0; i < pools; ++i) {
    script.pools.entries.emplace_back("pool" + std::to_string(i), 1 + random.below(3));
  }
  script.sizes_change = random.chance(30);
  const std::uint32_t tasks = 2 + random.below(4);
  for (std::uint32_t i = 0; i < tasks; ++i) {
    script.tasks.push_back(make_task(script, i, random));
    const Microseconds before = i == 0 ? 0 : script.tasks[i - 1].launched_at;
    script.tasks[i].launched_at = std::max(script.tasks[i].launched_at, before + 1);
  }
  return script;
}

}  // namespace thermos::sim
