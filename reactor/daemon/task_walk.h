// Walks through the tasks that match a request and that the caller may see, one in each step,
// because there may be very many, and each costs a match of its id and perhaps a reading of its
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

  // Looks at one task and returns its id if it matches. Active tasks come first, sorted by id; each
  // task comes once. A task that is created or removed during the walk may be seen or not.
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
  TaskIndex::Ids seen_;              // active ones; they may be finished when the walk gets there
};

}  // namespace thermos
