#include "reactor/observe/task_row.h"

#include <algorithm>
#include <array>

#include "reactor/observe/json_times.h"

namespace thermos::observe {
namespace {

std::string_view name_of(TaskDirectory directory) {
  return directory == TaskDirectory::Active ? "active" : "finished";
}

// The wall time of the latest record, as far as the history keeps it.
Microseconds last_change(const History& history) {
  Microseconds last = history.header() ? history.header()->launch_time : 0;
  if (!history.steps().empty()) last = std::max(last, history.steps().back().status.at.wall);
  for (const ProcessHistory& process : history.processes()) {
    if (process.runs.empty()) continue;
    const Run& run = process.runs.back();
    last = std::max(last, run.waiting.wall);
    for (const auto& time : {run.forked, run.started, run.ready, run.stopped}) {
      if (time) last = std::max(last, time->wall);
    }
  }
  return last;
}

// Counts the processes by the state of their latest run.
Json progress_json(const History& history, std::optional<std::size_t> processes) {
  std::array<std::size_t, kProcessStates> counts{};
  std::size_t begun = 0;
  for (const ProcessHistory& process : history.processes()) {
    if (process.removed || process.runs.empty()) continue;
    ++counts.at(static_cast<std::size_t>(process.runs.back().state));
    ++begun;
  }
  Json json = Json::object();
  const std::size_t total = std::max(processes.value_or(begun), begun);
  json["processes"] = total;
  json["not_started"] = total - begun;
  for (std::size_t state = 0; state < counts.size(); ++state) {
    json[std::string(thermos::name_of(static_cast<ProcessState>(state)))] = counts.at(state);
  }
  return json;
}

// The process that failed first, by the end of its first failed run.
const ProcessHistory* first_failed(const History& history) {
  const ProcessHistory* first = nullptr;
  Microseconds when = 0;
  for (const ProcessHistory& process : history.processes()) {
    if (!process.first_failed) continue;
    const Run* const run = process.run(*process.first_failed);
    if (run == nullptr || !run->stopped) continue;
    if (first != nullptr && run->stopped->wall >= when) continue;
    first = &process;
    when = run->stopped->wall;
  }
  return first;
}

}  // namespace

Json task_row(const TaskEntry& entry, const History& history,
              std::optional<std::size_t> processes) {
  Json json = Json::object();
  json["task_id"] = entry.id;
  json["shelf"] = name_of(entry.directory);
  json["state"] = thermos::name_of(history.state());
  if (history.header()) json["header"] = header_json(*history.header());
  json["progress"] = progress_json(history, processes);
  if (const ProcessHistory* const failed = first_failed(history)) {
    json["first_failed"] = failed->name;
  }
  if (is_terminal(history.state())) {
    const TaskStep& end = history.steps().back();
    json["end_time"] = seconds(end.status.at.wall);
    if (!end.reason.empty()) json["reason"] = end.reason;
  }
  json["change_time"] = seconds(last_change(history));
  return json;
}

Json task_row(const TaskEntry& entry, const std::string& error) {
  Json json = Json::object();
  json["task_id"] = entry.id;
  json["shelf"] = name_of(entry.directory);
  json["error"] = error;
  return json;
}

}  // namespace thermos::observe
