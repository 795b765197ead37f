// `thermos events --progress`: prints how far each task with events is, at most once a second, from
// its checkpoints. Each active task uses a descriptor.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/times.h"
#include "core/record/paths.h"
#include "core/task/task.h"
#include "reactor/show/record_follower.h"
#include "reactor/show/run_progress.h"
#include "reactor/views/time_left.h"

namespace thermos {

class ProgressLines {
 public:
  // `root` is the daemon's root.
  ProgressLines(Paths root, bool json) : root_(std::move(root)), json_(json) {}

  // Notes that an event of the task was printed.
  void on_event(const std::string& task_id, Timestamp now);
  // Returns how long to wait for the next event before a line is due, in microseconds; -1: no line
  // is due.
  Microseconds patience(Timestamp now) const;
  // Returns the lines that are due; with `all`, the lines of every task that had an event since its
  // last line. A task that has ended has one last line. A task whose files are gone, or that the
  // caller may not read, has none.
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
    std::optional<Microseconds> at;  // boot time; nothing: no line is due
    Microseconds last = 0;
    bool over = false;  // the last line was returned, or the task can't be read
  };
  std::string line(const std::string& task_id, Task& task, Timestamp now) const;

  Paths root_;
  bool json_;
  std::map<std::string, Due> tasks_;
};

}  // namespace thermos
