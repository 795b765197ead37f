// Removes tasks that have ended: their files under the root, their logs, and the sandboxes that the
// daemon made for them.
//
// One rename decides the removal: it moves the task's file from tasks/finished into the task's
// checkpoint directory, as `removed`. A program that is killed before this rename has changed
// nothing. If it is killed after the rename, the next removal completes its work, because the
// checkpoints, which say what belongs to the task, are put away last. To put a directory away means
// to rename it to `.removed.<number>` beside its old place, which frees the task's id. It is then
// deleted in small steps (TreeRemoval).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "reactor/os/as_user.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/tree_removal.h"
#include "reactor/store/directories_in_use.h"
#include "reactor/store/task_logs_removal.h"

namespace thermos {

// Returns the user with whose rights removals under a root are carried out. If this program runs as
// root and one other user can change where the root's path, or a directory in it, leads, then it is
// that user, because they could make it lead anywhere. Fails with NotPermitted if several users, or
// any user, can do that, or with System.
Result<FileOwner> owner_of_root(const Paths& paths);

// Returns the path, in the checkpoint directory, of the file of a task whose removal was decided.
std::string removed_task(const Paths& paths, const std::string& task_id);

// For a task without a task file: fails with Busy if its checkpoint directory may belong to a task
// that is being created at this moment. Takes no lock.
Status check_not_being_made(const Paths& paths, const std::string& task_id);

// The directories that belong to a task alone and are removed with it; "" if there is none.
struct TaskPlaces {
  std::string checkpoints;
  std::string sandbox;  // only if the daemon made it
  std::string logs;     // only if it is under the root
  // The logs are in a sandbox that a user named or that another task uses. Only the task's own
  // output files in it are removed.
  bool logs_elsewhere = false;
};
// `history` is nullptr if nothing is on record of the task.
TaskPlaces places_of(const Paths& paths, const std::string& task_id, const History* history);

class TaskRemoval {
 public:
  // Takes the lock of the task's runner's stream, as its leaders do, and reads the history. If
  // `patient`, waits for it as lock_stream_patiently() does. Without a task file
  // in tasks/finished, this removes the left-over files of a task whose removal was decided, whose
  // file was deleted, or that never began. Fails with NotFound if there are no files of the task;
  // with Busy if somebody holds the lock, a coordinator of the task lives, the task is active or
  // ended less than an hour ago, or the left-over files may be the beginning of a new task; with
  // Corrupt if the stream is damaged, so that its bytes are kept, except that `damaged` allows the
  // removal of left-over files with a damaged stream; or with NotPermitted or System.
  static Result<TaskRemoval> begin(const Paths& paths, const std::string& task_id, bool patient,
                                   bool damaged = false);

  // The task's history; nothing if there is no readable stream, or it is empty.
  const std::optional<History>& history() const { return history_; }
  // Returns whether the task's file was in tasks/finished. If not, there are only left-over files.
  bool whole() const { return whole_; }

  const std::string& id() const { return id_; }

  // Decides the removal by the rename of the task's file. Does nothing if there are only left-over
  // files. Fails with Busy if an existing task has taken over from this one, because the other
  // task's history also names this one's output; or with System.
  Status decide(PlacesInUse& in_use);
  // Syncs the rename. After several decide(), the first sync writes all renames to the disk, and
  // the other syncs cost almost nothing. REQUIRES: decide().
  Status settle() const;
  // Removes a part of the task's output in directories that others use, too. Once all of that is
  // removed, puts away the task's own directories, except those `in_use` by other tasks, and
  // returns true. This call and decide() refresh `in_use`. REQUIRES: settle().
  Result<bool> put_away_part(PlacesInUse& in_use);
  // Calls put_away_part() until it returns true.
  Status put_away(PlacesInUse& in_use);
  // Syncs the directories out of which put_away() moved something, then puts away the checkpoint
  // directory. As with settle(), the first of several syncs writes for all. REQUIRES: put_away().
  Status finish();

 private:
  TaskRemoval(const Paths& paths, std::string task_id, FileOwner owner)
      : paths_(&paths), id_(std::move(task_id)), owner_(std::move(owner)) {}
  Status lock(bool patient);
  Status look(bool damaged);
  Status check_left_over() const;
  Status check_coordinators() const;
  void plan(const PlacesInUse& in_use);
  std::string sandbox_of_another() const;

  const Paths* paths_;
  std::string id_;
  FileOwner owner_;  // the user of the root's files, if it is not this program's
  Descriptor lock_;
  std::optional<History> history_;
  bool empty_ = true;  // whether the stream is empty
  bool whole_ = false;
  bool fresh_ = false;
  std::optional<TaskPlaces> places_;     // set once plan() has run
  std::optional<TaskLogsRemoval> logs_;  // the removal of logs with TaskPlaces::logs_elsewhere
  std::set<std::string> changed_;        // the directories out of which something was put away
};

// Returns the ids of tasks that have, or may have, left-over files under the root: those with a
// checkpoint directory and no task file. Returns none if owner_of_root() fails.
std::vector<std::string> left_over_tasks(const Paths& paths);

// Puts away the left-over files of a task whose removal was decided, or that had ended and whose
// file was deleted, so that a new task can have its id. Keeps `named_sandbox`, the sandbox that a
// user named for the new task. Does nothing if there are no such files.
Status clear_id(const Paths& paths, const std::string& task_id,
                const std::string& named_sandbox = {});

// Returns a removal for each directory that was put away under the root, by this program or another
// one. The caller carries them out as owner_of_root(). Returns none if that fails.
std::vector<TreeRemoval> put_away_trees(const Paths& paths);

}  // namespace thermos
