#include "reactor/daemon/task_walk.h"

#include <utility>

namespace thermos {

TaskWalk::TaskWalk(VisibleTasks& tasks, const Caller& caller,
                   std::shared_ptr<const TaskPatterns> patterns, bool active, bool finished)
    : tasks_(tasks),
      caller_(caller),
      patterns_(std::move(patterns)),
      finished_(finished),
      done_(!active && !finished),
      directory_(active ? TaskDirectory::Active : TaskDirectory::Finished) {}

std::optional<std::string> TaskWalk::step() {
  const TaskIndex::Ids& ids = tasks_.index().on(directory_);
  const auto it = last_ ? ids.upper_bound(*last_) : ids.begin();
  if (it == ids.end()) {
    done_ = directory_ == TaskDirectory::Finished || !finished_;
    directory_ = TaskDirectory::Finished;
    last_.reset();
    return std::nullopt;
  }
  last_ = *it;
  if (directory_ == TaskDirectory::Active) {
    seen_.insert(*last_);
  } else if (seen_.contains(*last_) || tasks_.index().on(TaskDirectory::Active).contains(*last_)) {
    return std::nullopt;
  }
  if (!tasks_.may_see(*last_, caller_) || !patterns_->match(*last_)) return std::nullopt;
  return last_;
}

}  // namespace thermos
