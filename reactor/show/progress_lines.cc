#include "reactor/show/progress_lines.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "reactor/cli/terminal_text.h"
#include "reactor/store/history_json.h"
#include "reactor/store/recorded_task.h"

namespace thermos {
namespace {

constexpr Microseconds kBetween = kSecond;

std::optional<TaskConfig> config_of(const Paths& root, const std::string& task_id) {
  auto config = read_recorded_config(root, task_id, TaskDirectory::Active);
  return config ? config : read_recorded_config(root, task_id, TaskDirectory::Finished);
}

}  // namespace

ProgressLines::Task::Task(const Paths& root, const std::string& task_id, TaskConfig recorded)
    : config(std::move(recorded)), records(root, task_id), progress(config), left(root, config) {}

void ProgressLines::on_event(const std::string& task_id, Timestamp now) {
  Due& due = tasks_[task_id];
  if (!due.at && !due.over) due.at = std::max(now.boot, due.last + kBetween);
}

Microseconds ProgressLines::patience(Timestamp now) const {
  Microseconds least = -1;
  for (const auto& [task_id, due] : tasks_) {
    if (!due.at) continue;
    const Microseconds wait = std::max<Microseconds>(*due.at - now.boot, 0);
    if (least < 0 || wait < least) least = wait;
  }
  return least;
}

std::string ProgressLines::take(Timestamp now, bool all) {
  std::string lines;
  for (auto& [task_id, due] : tasks_) {
    if (!due.at || (*due.at > now.boot && !all)) continue;
    due.at.reset();
    due.last = now.boot;
    if (!due.task) {
      auto config = config_of(root_, task_id);
      if (config) due.task = std::make_unique<Task>(root_, task_id, std::move(*config));
    }
    if (due.task) lines += line(task_id, *due.task, now);
    due.over = !due.task || is_terminal(due.task->records.history().state());
    if (due.over) due.task.reset();
  }
  return lines;
}

std::string ProgressLines::line(const std::string& task_id, Task& task, Timestamp now) const {
  std::set<std::uint32_t> touched;
  if (!task.records.read_on(touched)) return {};
  const History& history = task.records.history();
  if (!std::exchange(task.begun, true)) {
    task.progress.begin(history, now);
  } else {
    task.progress.update(history);
    for (const std::uint32_t p : touched) task.progress.update(history.process(p).name, history);
  }
  std::optional<Microseconds> left;
  if (history.state() == TaskState::Active) left = task.left.of(history, now);
  const std::size_t failed = task.progress.count(RunProgress::Stage::Failed);
  const std::size_t running = task.progress.count(RunProgress::Stage::Running);
  const std::size_t done = task.progress.ended() - std::min(failed, task.progress.ended());
  if (!json_) {
    std::string text = fmt::format("{}  [{}/{}]", printable(task_id), done, task.progress.total());
    if (failed > 0) text += fmt::format(" {} failed,", failed);
    text += fmt::format(" {} running", running);
    if (left) text += ", " + left_text(*left);
    return text + "\n";
  }
  Json json = Json::object();
  json["task_id"] = task_id;
  json["kind"] = "progress";
  json["done"] = done;
  json["all"] = task.progress.total();
  json["running"] = running;
  json["failed"] = failed;
  if (left) json["time_left"] = static_cast<double>(*left) / kSecond;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thermos
