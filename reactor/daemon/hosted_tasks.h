// The tasks that the daemon leads, and the active tasks that it can't lead. Each task has the same
// TaskHost as in `thermos run`, but many share one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/daemon/event_feed.h"
#include "reactor/daemon/hosted_task.h"
#include "reactor/daemon/settings.h"
#include "reactor/daemon/task_index.h"
#include "reactor/daemon/task_summary_cache.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_setup.h"

namespace thermos {

class HostedTasks {
 public:
  // All references outlive this. `settings` may change; tasks led from then on use the new ones.
  HostedTasks(Reactor& reactor, const Paths& paths, const Settings& settings, EventFeed& events,
              TaskSummaryCache& summaries, TaskIndex& index);
  HostedTasks(const HostedTasks&) = delete;
  HostedTasks& operator=(const HostedTasks&) = delete;

  // Takes the lead of a new or an existing task. `owner` is the uid of its user. Fails as
  // TaskHost::lead() does.
  Result<HostedTask*> host(const TaskSetup& setup, std::uint32_t owner);
  // Returns nullptr if this daemon does not lead the task. The result is valid until the end of the
  // turn in which the task ends.
  HostedTask* find(const std::string& task_id) const;
  // Returns the ids of all led tasks, sorted.
  std::vector<std::string> ids() const;
  std::size_t size() const { return tasks_.size(); }
  std::size_t owned_by(std::uint32_t uid) const;
  // Called whenever size() changes.
  std::function<void()> on_change;

  // Notes that this active task is not led, and why. The reason is logged once, and clients see it
  // in answers.
  void leave(const std::string& task_id, const Error& why);
  // Returns why the task is not led, or "" if leave() was not called for it.
  std::string why_left(const std::string& task_id) const;
  // The task is no longer active, because another process has ended it.
  void forget_left(const std::string& task_id) { left_.erase(task_id); }

  // Calls `ended` once when the task ends, with the name of its final state, or "?" if that is
  // unknown. wait_no_more() with the key cancels the wait. REQUIRES: this daemon leads the task.
  using Ended = std::function<void(const std::string& state)>;
  using WaitKey = std::uint64_t;  // never 0
  WaitKey when_ended(const std::string& task_id, Ended ended);
  void wait_no_more(const std::string& task_id, WaitKey key);

  // Called at the end of a turn: destroys the tasks that ended in it.
  void free_ended() { over_.clear(); }

 private:
  void ended(HostedTask* task, const Result<TaskState>& result);
  void remember(const HostedTask& task, TaskState state);

  Reactor& reactor_;
  const Paths& paths_;
  const Settings& settings_;
  EventFeed& events_;
  TaskSummaryCache& summaries_;
  TaskIndex& index_;
  std::map<std::string, std::unique_ptr<HostedTask>, std::less<>> tasks_;
  std::map<std::uint32_t, std::size_t> owned_;            // number of led tasks, by user
  std::map<std::string, std::string, std::less<>> left_;  // active tasks not led, and why
  std::vector<std::unique_ptr<HostedTask>> over_;         // tasks that ended in this turn
  std::map<std::string, std::map<WaitKey, Ended>> waiting_;
  WaitKey next_wait_ = 1;
};

}  // namespace thermos
