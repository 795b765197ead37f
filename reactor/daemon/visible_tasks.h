// The daemon's tasks as clients see them. To who may not see a task there is none, in every answer.
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

// Each question is a small step; what asks about many tasks takes many (task_walk.h).
class VisibleTasks {
 public:
  // All outlive this.
  VisibleTasks(const Paths& paths, const HostedTasks& tasks, TaskSummaryCache& summaries,
               TaskIndex& index)
      : paths_(paths), tasks_(tasks), summaries_(summaries), index_(index) {}

  bool may_see(const std::string& task_id, const Caller& caller);
  // Of all tasks, whoever may see them.
  TaskIndex& index() { return index_; }
  const Paths& paths() const { return paths_; }
  // The state's name; "?" of one that can't be read.
  std::string state_of(const std::string& task_id);
  // How many led tasks of theirs there are.
  std::size_t active_of(const Caller& caller) const;
  // All active ones that they may see, at one moment.
  std::vector<control::TaskEntry> active_tasks(const Caller& caller);

  // One task as `status --json` prints it; of one that is not led, or can't be read, with its
  // error.
  std::string status_json(const std::string& task_id) const;

  Result<std::shared_ptr<const TaskPatterns>> compile(const std::vector<std::string>& patterns,
                                                      const Caller& caller);

  // Where to find a task's events that are not in memory, if there are any behind `position`.
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
