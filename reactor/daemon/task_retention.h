// Removes ended tasks by the daemon's settings keep_days, keep_tasks and keep_bytes: when the
// daemon starts, when a task ends, and when the next task becomes too old. Works in small steps
// between the loop's other events, so that the removal of ten thousand tasks does not hold up other
// tasks.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/record/retention.h"
#include "reactor/daemon/hosted_tasks.h"
#include "reactor/daemon/task_index.h"
#include "reactor/host/reactor.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/os/as_user.h"
#include "reactor/os/tree_removal.h"
#include "reactor/store/directories_in_use.h"
#include "reactor/store/task_disk.h"
#include "reactor/store/task_removal.h"

namespace thermos {

class TaskRetention {
 public:
  // All references outlive this. `rules` may change; the caller then calls begin().
  TaskRetention(Reactor& reactor, const Paths& paths, const RetentionRules& rules,
                const HostedTasks& tasks, TaskIndex& index);
  ~TaskRetention();
  TaskRetention(const TaskRetention&) = delete;
  TaskRetention& operator=(const TaskRetention&) = delete;

  // Judges all ended tasks, and completes removals that were interrupted. Called when the daemon
  // starts and when its settings were read again.
  void begin();
  // A task has ended. Tasks that end within about a second are judged together.
  void task_ended();
  // Forgets what is remembered of the task `id`, because that task is gone or a new task has the
  // id.
  void new_life(const std::string& id);

 private:
  // What is remembered of an ended task, which does not change any more.
  struct Known {
    Microseconds ended = 0;  // wall time
    std::optional<std::uint64_t> bytes;
  };
  enum class Stage : std::uint8_t { Rest, Look, LeftOver, Remove, Trees };

  void work();
  void step();
  void list();
  void look(const std::string& id);
  void judge();
  void decide(const std::string& id);
  void settle();
  void put_away();
  void finish();
  void try_again(const std::string& id, const Error& why);
  void count_removed(const std::string& id);
  void remove_left_over(const std::string& id);
  bool is_removing(const std::string& id) const;
  void rest();
  void say_removed();
  void wake_at(Microseconds boot);
  void refuse(const std::string& id, const Error& why);

  Reactor& reactor_;
  const Paths& paths_;
  const RetentionRules& rules_;
  const HostedTasks& tasks_;
  TaskIndex& index_;
  WhileBusy busy_;
  std::optional<Deadlines::Key> timer_;
  std::map<std::string, Known> known_;
  // Tasks that are unreadable, or belong to another user.
  std::set<std::string> ignored_;
  std::map<std::string, std::string> refused_;  // tasks that could not be removed, and why
  Stage stage_ = Stage::Rest;
  bool again_ = false;        // a task ended while this was at work
  bool begin_again_ = false;  // begin() was called while this was at work
  // Checkpoint directories that may be left over from an interrupted removal.
  std::vector<std::string> left_over_;
  std::deque<std::string> ids_;            // the tasks that this stage has left to do
  std::unique_ptr<TaskDiskUse> counting_;  // counts the disk use of the task ids_.front()
  PlacesInUse in_use_;
  // Removals under way, by how far they have come. They are few at a time, because each holds its
  // task's lock.
  std::vector<TaskRemoval> decided_;  // decided, to be synced together
  std::vector<TaskRemoval> settled_;
  std::vector<TaskRemoval> put_away_;  // all files are put away except the checkpoints
  // The owner of the root, with whose rights the trees are removed.
  FileOwner owner_;
  std::vector<TreeRemoval> trees_;
  std::size_t removed_ = 0;
  std::uint64_t freed_ = 0;
  bool failed_ = false;  // a removal failed and is to be tried again
};

}  // namespace thermos
