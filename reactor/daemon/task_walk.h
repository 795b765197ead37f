// The tasks that somebody asked about and may see, one after another and a few at a time: there may
// be very many, and each costs a look at its pattern and perhaps at its stream.
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

  // Looks at one task; its id, if it is meant. What comes and goes meanwhile may be seen or not;
  // all others are, active ones first, by id, and each once.
  std::optional<std::string> step();
  bool done() const { return done_; }

 private:
  VisibleTasks& tasks_;
  Caller caller_;
  std::shared_ptr<const TaskPatterns> patterns_;
  bool finished_;
  bool done_;
  TaskDirectory directory_;
  std::optional<std::string> last_;  // looked at
  TaskIndex::Ids seen_;              // active ones: they may be finished when we come there
};

}  // namespace thermos
