// The tasks that the daemon leads, and those active ones that it can't lead: the same host as
// `thermos run` has, many times on one loop.
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
  // All outlive this. `settings` may change: what is led from then on goes by them.
  HostedTasks(Reactor& reactor, const Paths& paths, const Settings& settings, EventFeed& events,
              TaskSummaryCache& summaries, TaskIndex& index);
  HostedTasks(const HostedTasks&) = delete;
  HostedTasks& operator=(const HostedTasks&) = delete;

  // Leads a task, new or not, for its owner. Errors as TaskHost::lead().
  Result<HostedTask*> host(const TaskSetup& setup, std::uint32_t owner);
  // nullptr: it is not led here. Valid until the end of the turn in which the task ends.
  HostedTask* find(const std::string& task_id) const;
  // Sorted.
  std::vector<std::string> ids() const;
  std::size_t size() const { return tasks_.size(); }
  std::size_t owned_by(std::uint32_t uid) const;
  // Called whenever size() changes.
  std::function<void()> on_change;

  // This active task is not led, and why: in the log, once for each reason, and in answers.
  void leave(const std::string& task_id, const Error& why);
  // Empty: it was not left.
  std::string why_left(const std::string& task_id) const;

  // Calls back once when the task ends, with the state's name, "?" when that is not known; unless
  // the key takes it back. REQUIRES: it is led.
  using Ended = std::function<void(const std::string& state)>;
  using WaitKey = std::uint64_t;  // never 0
  WaitKey when_ended(const std::string& task_id, Ended ended);
  void wait_no_more(const std::string& task_id, WaitKey key);

  // At the end of a turn: frees those that ended in it.
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
  std::map<std::uint32_t, std::size_t> owned_;            // led tasks, a user
  std::map<std::string, std::string, std::less<>> left_;  // active tasks not led, and why
  std::vector<std::unique_ptr<HostedTask>> over_;         // ended in this turn
  std::map<std::string, std::map<WaitKey, Ended>> waiting_;
  WaitKey next_wait_ = 1;
};

}  // namespace thermos
