// The ids of all tasks under a root. The directories are read once; then inotify reports changes,
// so that a query reads no directory.
#pragma once

#include <sys/stat.h>

#include <array>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "core/record/paths.h"
#include "reactor/loop/inotify.h"
#include "reactor/store/task_list.h"

namespace thermos {

class TaskIndex {
 public:
  using Ids = std::set<std::string, std::less<>>;

  // `inotify` outlives this. If inotify is not available, or a directory can't be watched, the
  // directory is read again when its mtime has changed.
  TaskIndex(const Paths& paths, Inotify& inotify);
  ~TaskIndex();
  TaskIndex(const TaskIndex&) = delete;
  TaskIndex& operator=(const TaskIndex&) = delete;

  // Returns the ids in that directory, sorted. An id may be in both directories for a moment; the
  // task is active then.
  const Ids& on(TaskDirectory which) { return refreshed(which).ids; }
  bool has(std::string_view id) {
    return on(TaskDirectory::Active).contains(id) || on(TaskDirectory::Finished).contains(id);
  }

  // The daemon calls these for tasks that it creates or finishes. Changes by other processes are
  // found by inotify.
  void added(const std::string& id) { refreshed(TaskDirectory::Active).ids.insert(id); }
  void finished(const std::string& id);
  // A task that was added could not be created, so it has no file.
  void not_made(const std::string& id) { refreshed(TaskDirectory::Active).ids.erase(id); }
  // The daemon removes a finished task.
  void removed(const std::string& id);

  // Called with an id under which a new task begins, or whose finished task was removed.
  std::function<void(const std::string& id)> on_new_life;
  // Called with an id whose task is no longer active because another process ended it. Not called
  // for finished() and not_made().
  std::function<void(const std::string& id)> on_inactive;
  // Called when a task has come into tasks/finished.
  std::function<void()> on_finished;

 private:
  struct Directory {
    std::string path;
    Ids ids;
    int watch = -1;
    bool stale = true;
    timespec changed{};  // its mtime when it was read
  };

  Directory& refreshed(TaskDirectory which);
  void read(Directory& directory);
  void say(const Directory& directory, const std::string& id, bool came) const;
  void happened(Directory& directory, std::string_view name, std::uint32_t mask);

  Inotify& inotify_;
  std::array<Directory, 2> directories_;  // by TaskDirectory
};

}  // namespace thermos
