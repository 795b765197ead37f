// Walks through the tasks that match a request and that the caller may see. It looks at one task in
// each step, because there may be very many, and for each it matches the id and perhaps reads the
// stream.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "reactor/daemon/caller.h"
#include "reactor/daemon/task_index.h"
#include "reactor/daemon/visible_tasks.h"
#include "reactor/store/task_list.h"

namespace thermos {

class TaskWalk {
 public:
  TaskWalk(VisibleTasks& tasks, const Caller& caller, std::shared_ptr<const TaskPatterns> patterns,
           bool active, bool finished);

  // Looks at one task and returns its id if it matches. Active tasks come first, then finished
  // ones, each sorted by id. No task is returned twice. A task that is created or removed during
  // the walk may be returned or not.
  std::optional<std::string> step();
  bool done() const { return done_; }

 private:
  VisibleTasks& tasks_;
  Caller caller_;
  std::shared_ptr<const TaskPatterns> patterns_;
  bool finished_;
  bool done_;
  TaskDirectory directory_;
  std::optional<std::string> last_;  // the last id looked at
  // Active tasks; they may be in tasks/finished when the walk gets there.
  TaskIndex::Ids seen_;
};

}  // namespace thermos
