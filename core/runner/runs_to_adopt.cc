#include "core/runner/runs_to_adopt.h"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace thermos {

std::vector<ProcessIndex> live_on_record(const Runner& runner) {
  std::vector<ProcessIndex> live;
  const auto count = static_cast<ProcessIndex>(runner.task().processes.size());
  for (ProcessIndex p = 0; p < count; ++p) {
    if (runner.past(p).live()) live.push_back(p);
  }
  return live;
}

std::vector<ProcessIndex> maybe_unrecorded(const Runner& runner,
                                           const std::vector<ProcessIndex>& live) {
  std::vector<ProcessIndex> unrecorded;
  const auto count = static_cast<ProcessIndex>(runner.task().processes.size());
  auto next = live.begin();
  for (ProcessIndex p = 0; p < count; ++p) {
    if (next != live.end() && *next == p) {
      ++next;
    } else if (!runner.finished(p)) {
      unrecorded.push_back(p);
    }
  }
  return unrecorded;
}

void sort_to_look(std::vector<ProcessIndex>& processes, const TaskConfig& task,
                  const Graph& graph) {
  if (processes.empty()) return;
  const std::vector<std::uint32_t> depths = graph.depths();
  const auto place = [&](ProcessIndex p) {
    return std::tuple(task.processes[p].final, depths[p], p);
  };
  std::sort(processes.begin(), processes.end(),
            [&](ProcessIndex a, ProcessIndex b) { return place(a) < place(b); });
}

ProcessStatus as_read(ProcessStatus status, Origin reading) {
  if (status.origin == Origin::Recorded) status.origin = reading;
  return status;
}

}  // namespace thermos
