// Removes tasks that have ended: their files under the root, their logs, and the sandboxes that the
// daemon made for them.
//
// One rename decides: the task's file goes from tasks/finished into the task's checkpoint
// directory, as `removed`. Whoever is killed before it has changed nothing; whoever is killed after
// it leaves what the next removal completes, because the checkpoints say what belongs to the task,
// and are put away last. Directories are put away by a rename to `.removed.<number>` beside their
// old place, which frees the task's id, and then removed in as many steps as it takes.
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
#include "reactor/store/places_in_use.h"
#include "reactor/store/task_logs_removal.h"

namespace thermos {

// Whose rights the removals under a root are carried out with: where root removes, those of the one
// other user who can change where the root, or a directory in it, leads, as that may be anywhere.
// Fails with NotPermitted if there are several, or that may be anybody; System.
Result<FileOwner> owner_of_root(const Paths& paths);

// The file of a task whose removal was decided, in its checkpoint directory.
std::string removed_task(const Paths& paths, const std::string& task_id);

// Fails with Busy where what is left of a task without a file may be one that is about to be made.
// Takes no lock.
Status check_not_being_made(const Paths& paths, const std::string& task_id);

// What belongs to a task alone, and goes with it. Empty: there is no such thing.
struct TaskPlaces {
  std::string checkpoints;
  std::string sandbox;  // that the daemon made
  std::string logs;     // under the root
  // In a sandbox that a user named, or that another task uses: only its own output files go.
  bool logs_elsewhere = false;
};
// `history`: what is on record of the task; nullptr: nothing.
TaskPlaces places_of(const Paths& paths, const std::string& task_id, const History* history);

class TaskRemoval {
 public:
  // Takes the lock of the task's runner, as its leaders do, and reads what is on record. `patient`:
  // waits for it as lock_stream_patiently() does. Without a task file in tasks/finished, it is the
  // removal of what is left over of a task: one whose removal was decided, whose file was deleted,
  // or that was never begun. Fails with NotFound if nothing is there, Busy if somebody holds the
  // lock, a coordinator of the task lives, it is active, or what is left may be the beginning of a
  // new task; Corrupt, as the bytes are kept then, but `damaged` ones that are left over if
  // somebody says so; NotPermitted or System.
  static Result<TaskRemoval> begin(const Paths& paths, const std::string& task_id, bool patient,
                                   bool damaged = false);

  // What is on record; nothing if there is no stream, or an empty one.
  const std::optional<History>& history() const { return history_; }
  // Whether the task's file was in tasks/finished, and not only something left over.
  bool whole() const { return whole_; }

  const std::string& id() const { return id_; }

  // Decides. Does nothing for what is left over. Fails with Busy if a task that is there has taken
  // over from this one: its output is that one's, too; System.
  Status decide(PlacesInUse& in_use);
  // Syncs the decision. Of several that were taken, the first sync writes all to the disk, and the
  // others cost next to nothing. REQUIRES: decide().
  Status settle() const;
  // Removes a part of the output in places that are not the task's alone; then, at once, puts the
  // others away, but what is `in_use` by other tasks. Both calls add those that have come
  // meanwhile. Returns whether that was all. REQUIRES: settle().
  Result<bool> put_away_part(PlacesInUse& in_use);
  // All parts.
  Status put_away(PlacesInUse& in_use);
  // Puts away the checkpoints, when it is on the disk that nothing else is in its place any more.
  // As with settle(), the sync of the first of several is that of all. REQUIRES: put_away().
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
  FileOwner owner_;  // of the root's files, if that is not us
  Descriptor lock_;
  std::optional<History> history_;
  bool empty_ = true;  // the stream
  bool whole_ = false;
  bool fresh_ = false;
  std::optional<TaskPlaces> places_;     // when it is planned what is put away
  std::optional<TaskLogsRemoval> logs_;  // that are elsewhere
  std::set<std::string> changed_;        // the directories out of which something was put away
};

// The ids of which something is left over under the root, or may be: checkpoints without a task
// file. None where owner_of_root() fails.
std::vector<std::string> left_over_tasks(const Paths& paths);

// Puts away what is left over of a task whose removal was decided, or that had ended and whose file
// was deleted, so that a new task can have its id. The sandbox that a user named for that one
// stays. Does nothing if there is no such thing.
Status clear_id(const Paths& paths, const std::string& task_id,
                const std::string& named_sandbox = {});

// The removals of everything that was put away under the root, by this program or another. They are
// carried out as owner_of_root(); where that fails, there are none.
std::vector<TreeRemoval> put_away_trees(const Paths& paths);

}  // namespace thermos
