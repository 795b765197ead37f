// The daemon's tasks as a client sees them. For a caller who may not see a task, every answer is
// the same as if the task did not exist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capnp/control.h"
#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/daemon/caller.h"
#include "reactor/daemon/hosted_tasks.h"
#include "reactor/daemon/past_events.h"
#include "reactor/daemon/task_index.h"
#include "reactor/daemon/task_summary_cache.h"
#include "reactor/store/task_list.h"

namespace thermos {

// Each query about one task is a small step; TaskWalk (task_walk.h) queries many tasks in many
// steps.
class VisibleTasks {
 public:
  // All references outlive this.
  VisibleTasks(const Paths& paths, const HostedTasks& tasks, TaskSummaryCache& summaries,
               TaskIndex& index)
      : paths_(paths), tasks_(tasks), summaries_(summaries), index_(index) {}

  bool may_see(const std::string& task_id, const Caller& caller);
  // The index of all tasks, without regard to who may see them.
  TaskIndex& index() { return index_; }
  const Paths& paths() const { return paths_; }
  // Returns the name of the task's state, or "?" if its stream can't be read.
  std::string state_of(const std::string& task_id);
  // Returns the number of led tasks that belong to the caller; for root, the number of all led
  // tasks.
  std::size_t active_of(const Caller& caller) const;
  // Returns all active tasks that the caller may see, at one moment.
  std::vector<control::TaskEntry> active_tasks(const Caller& caller);

  // Returns one task in the form that `status --json` prints. If an active task is not led, or its
  // stream can't be read, the reason is under "error".
  std::string status_json(const std::string& task_id) const;

  // TaskPatterns::compile() for this caller: a pattern counts as an id only if the caller may see
  // that task, or it would tell them that the task exists.
  Result<std::shared_ptr<const TaskPatterns>> compile(const std::vector<std::string>& patterns,
                                                      const Caller& caller);

  // Returns the stream that holds the task's events after `position`; nothing if there are no such
  // events.
  std::optional<PastEvents::Source> stream_behind(const std::string& task_id,
                                                  std::uint64_t position);

 private:
  std::uint32_t owner_of(const std::string& task_id);

  const Paths& paths_;
  const HostedTasks& tasks_;
  TaskSummaryCache& summaries_;
  TaskIndex& index_;
};

}  // namespace thermos
