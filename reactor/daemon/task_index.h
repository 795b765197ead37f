// Which tasks there are under a root, known and kept up to date: the directories are read once, and
// then what happens in them is told by inotify, so that a question costs no reading of them.
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

  // `inotify` outlives this. Without it, or where the directory can't be watched, the directories
  // are read again when their times have changed.
  TaskIndex(const Paths& paths, Inotify& inotify);
  ~TaskIndex();
  TaskIndex(const TaskIndex&) = delete;
  TaskIndex& operator=(const TaskIndex&) = delete;

  // Ids that lie there, sorted. One may be on both directories for a moment: it is active.
  const Ids& on(TaskDirectory which) { return refreshed(which).ids; }
  bool has(std::string_view id) {
    return on(TaskDirectory::Active).contains(id) || on(TaskDirectory::Finished).contains(id);
  }

  // By us; others' doings are found out.
  void added(const std::string& id) { refreshed(TaskDirectory::Active).ids.insert(id); }
  void finished(const std::string& id);

  // Of an id that begins anew, or whose finished task was removed.
  std::function<void(const std::string& id)> on_new_life;

 private:
  struct Directory {
    std::string path;
    Ids ids;
    int watch = -1;
    bool stale = true;
    timespec changed{};  // when it was read
  };

  Directory& refreshed(TaskDirectory which);
  void read(Directory& directory);
  void say(const Directory& directory, const std::string& id, bool came) const;
  void happened(Directory& directory, std::string_view name, std::uint32_t mask);

  Inotify& inotify_;
  std::array<Directory, 2> directories_;  // by TaskDirectory
};

}  // namespace thermos
