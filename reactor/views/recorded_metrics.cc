#include "reactor/views/recorded_metrics.h"

#include <cstddef>
#include <cstdint>

#include "reactor/store/ancestor_stream.h"
#include "reactor/store/recorded_task.h"

namespace thermos {

void add_recorded_task(const Paths& paths, const TaskEntry& entry, TaskMetrics& metrics) {
  const auto& [id, directory] = entry;
  const Result<History> history = read_recorded_task(paths, id);
  const bool active = directory == TaskDirectory::Active;
  if (!history) {
    // The task was created, and its runner has not written yet.
    const bool unborn = active && history.error().code == ErrorCode::NotFound;
    unborn ? metrics.add({}, History()) : metrics.add_unreadable();
    return;
  }
  std::size_t waiting = 0;
  if (active) {
    if (const auto task = read_recorded_config(paths, id, directory)) {
      waiting = not_started(*task, *history).size();
    }
  }
  const bool ended = is_terminal(history->state());
  metrics.add(ended ? read_recorded_name(paths, id, directory) : "", *history, waiting);
}

std::string metrics_text(const TaskMetrics& metrics) {
  MetricsText made;
  made.family("thermos_build_info", MetricType::Gauge, "1, with the version of thermos.");
  made.sample({{"version", THERMOS_VERSION}}, std::uint64_t{1});
  metrics.write(made);
  return made.text();
}

}  // namespace thermos
