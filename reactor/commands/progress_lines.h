// `thermos events --progress`: how far the tasks are that events tell of, at most once a second for
// each, read from their checkpoints. Each active task costs a descriptor.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/times.h"
#include "core/record/paths.h"
#include "core/task/task.h"
#include "reactor/commands/record_follower.h"
#include "reactor/commands/run_progress.h"
#include "reactor/views/time_left.h"

namespace thermos {

class ProgressLines {
 public:
  // Under `root` the daemon keeps its tasks.
  ProgressLines(Paths root, bool json) : root_(std::move(root)), json_(json) {}

  // An event of the task was printed.
  void on_event(const std::string& task_id, Timestamp now);
  // How long to wait for the next event before take() has something: microseconds; -1: for ever.
  Microseconds patience(Timestamp now) const;
  // The lines that are due, or with `all` those of every task of which an event told since. A task
  // that has ended has one last line; one whose files the caller may not read, or that are gone,
  // has none.
  std::string take(Timestamp now, bool all = false);

 private:
  struct Task {
    Task(const Paths& root, const std::string& task_id, TaskConfig recorded);

    TaskConfig config;
    StreamFollower records;
    RunProgress progress;
    TimeLeftLine left;
    bool begun = false;
  };
  struct Due {
    std::unique_ptr<Task> task;
    std::optional<Microseconds> at;  // boot time; nothing: nothing has happened since
    Microseconds last = 0;
    bool over = false;  // its last line was told, or nothing can be
  };
  std::string line(const std::string& task_id, Task& task, Timestamp now) const;

  Paths root_;
  bool json_;
  std::map<std::string, Due> tasks_;
};

}  // namespace thermos
