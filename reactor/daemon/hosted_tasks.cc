#include "reactor/daemon/hosted_tasks.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "core/record/state.h"
#include "reactor/os/files.h"

namespace thermos {

HostedTasks::HostedTasks(Reactor& reactor, const Paths& paths, const Settings& settings,
                         EventFeed& events, TaskSummaryCache& summaries, TaskIndex& index)
    : reactor_(reactor),
      paths_(paths),
      settings_(settings),
      events_(events),
      summaries_(summaries),
      index_(index) {}

Result<HostedTask*> HostedTasks::host(const TaskSetup& setup, std::uint32_t owner) {
  const std::string id = setup.header.task_id;
  auto hosted =
      std::make_unique<HostedTask>(reactor_, events_, id, owner, exists(paths_.active_task(id)));
  HostedTask* const task = hosted.get();
  auto led = task->lead(setup, settings_.sync,
                        [this, task](const Result<TaskState>& result) { ended(task, result); });
  if (!led) return led.error();
  tasks_.emplace(id, std::move(hosted));
  index_.added(id);
  ++owned_[owner];
  left_.erase(id);
  if (on_change) on_change();
  return task;
}

HostedTask* HostedTasks::find(const std::string& task_id) const {
  const auto it = tasks_.find(task_id);
  return it == tasks_.end() ? nullptr : it->second.get();
}

std::vector<std::string> HostedTasks::ids() const {
  std::vector<std::string> all;
  all.reserve(tasks_.size());
  for (const auto& [id, task] : tasks_) all.push_back(id);
  return all;
}

std::size_t HostedTasks::owned_by(std::uint32_t uid) const {
  const auto owned = owned_.find(uid);
  return owned == owned_.end() ? 0 : owned->second;
}

void HostedTasks::leave(const std::string& task_id, const Error& why) {
  std::string& said = left_[task_id];
  if (said != why.message) spdlog::error("task {} is left as it is: {}", task_id, why.message);
  said = why.message;
}

std::string HostedTasks::why_left(const std::string& task_id) const {
  const auto why = left_.find(task_id);
  return why == left_.end() ? std::string() : why->second;
}

HostedTasks::WaitKey HostedTasks::when_ended(const std::string& task_id, Ended ended) {
  const WaitKey key = next_wait_++;
  waiting_[task_id].emplace(key, std::move(ended));
  return key;
}

void HostedTasks::wait_no_more(const std::string& task_id, WaitKey key) {
  const auto it = waiting_.find(task_id);
  if (it == waiting_.end()) return;
  it->second.erase(key);
  if (it->second.empty()) waiting_.erase(it);
}

void HostedTasks::ended(HostedTask* task, const Result<TaskState>& result) {
  const std::string id = task->id();
  if (result) {
    spdlog::info("task {} ended {}", id, name_of(*result));
    remember(*task, *result);
    task->notify_closed(Done{});
  } else {
    if (exists(paths_.active_task(id))) {
      leave(id, result.error());
    } else {
      spdlog::error("task {} was not made, or is gone: {}", id, result.error().message);
      index_.not_made(id);
    }
    task->notify_closed(result.error());
  }
  // The task's host is calling this function, so it is destroyed only after the call has returned:
  // see free_ended().
  const auto it = tasks_.find(id);
  if (--owned_[task->owner()] == 0) owned_.erase(task->owner());
  over_.push_back(std::move(it->second));
  tasks_.erase(it);
  const std::string state(result ? name_of(*result) : std::string_view("?"));
  if (const auto waiting = waiting_.find(id); waiting != waiting_.end()) {
    const auto calls = std::move(waiting->second);
    waiting_.erase(waiting);
    for (const auto& [key, call] : calls) call(state);
  }
  if (on_change) on_change();
}

// Keeps the summary of an ended task, so that its stream need not be read.
void HostedTasks::remember(const HostedTask& task, TaskState state) {
  index_.finished(task.id());
  TaskSummary past;
  past.readable = true;
  past.begun = true;
  past.owner = task.owner();
  past.state = state;
  past.first_position = task.first_position();
  past.last_position = events_.last_position();
  summaries_.learn(task.id(), past);
}

}  // namespace thermos
