#include "node_surroundings.h"

#include <stdexcept>
#include <utility>

#include "core/task/check_task.h"

namespace thermos::sim {
namespace {

constexpr std::size_t kNodeTraceLines = 600;

}  // namespace

NodeSurroundings::NodeSurroundings(std::uint64_t seed, bool is_traced)
    : random(seed * 37 + 11), traced(is_traced) {}

std::string file_of(const std::string& process) {
  return "of-" + process;
}

std::string bytes_of(const std::string& process, std::uint32_t run) {
  return process + ", run " + std::to_string(run);
}

void NodeSurroundings::make_task() {
  task.name = "t";
  const std::uint32_t count = 2 + random.below(14);
  const bool carries = random.chance(50);
  for (std::uint32_t i = 0; i < count; ++i) {
    ProcessConfig& process = task.processes.emplace_back();
    process.name = "p" + std::to_string(i);
    process.cmdline = "true";
    process.min_duration = random.pick<Microseconds>({0, kSecond});
    fails.push_back(random.chance(20) ? random.below(3) : 0);
    process.max_failures = fails.back() + 1;
    if (carries && random.chance(70)) process.makes_files = {file_of(process.name)};
    if (i > 0 && random.chance(70)) {
      const ProcessConfig& needed = task.processes[random.below(i)];
      process.needs.entries.emplace_back(needed.name, Condition::Success);
      process.needs_files = needed.makes_files;
    }
    if (random.chance(15)) {
      process.on = names[random.below(static_cast<std::uint32_t>(names.size()))];
    } else if (i > 0 && random.chance(15)) {
      process.on = "same-as p" + std::to_string(random.below(i));
    }
    if (random.chance(30)) process.resources = Resources{random.pick({0.5, 1.0, 2.0}), 0, 0};
  }
  auto checked = check_task(task);
  if (!checked) throw std::logic_error(checked.error().message);
  graph = std::move(*checked);
}

void NodeSurroundings::say(const std::string& line) {
  if (!traced) return;
  lines.push_back("[" + std::to_string(timeline.now()) + "] " + line);
  if (lines.size() > kNodeTraceLines) lines.pop_front();
}

}  // namespace thermos::sim
