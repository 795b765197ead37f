// The present state of the tasks of a root: read once, and then followed by inotify. Each change
// becomes an event. It reads nothing but files, so it works with or without a daemon or other
// leaders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "reactor/loop/inotify.h"
#include "reactor/loop/loop.h"
#include "reactor/observe/event_ring.h"
#include "reactor/observe/record_reading.h"
#include "reactor/store/history_json.h"
#include "reactor/store/task_list.h"

namespace thermos::observe {

class RootMirror {
 public:
  // One line of the list.
  struct Row {
    std::string id;
    TaskDirectory directory = TaskDirectory::Active;
    bool failed = false;                      // the task is FAILED, or can't be read
    Microseconds launched = 0;                // wall time; 0: unknown
    std::shared_ptr<const std::string> text;  // the row as JSON
  };
  // Active tasks first, then finished ones; in each group, the latest launched first.
  using Rows = std::shared_ptr<const std::vector<Row>>;

  RootMirror(Loop& loop, Inotify& inotify, const Paths& paths, EventRing& events);
  ~RootMirror();
  RootMirror(const RootMirror&) = delete;
  RootMirror& operator=(const RootMirror&) = delete;

  // Starts to read the root. Fails as list_tasks() does.
  Status start();

  // Calls `call` when the mirror is up to date with the disk. Calls it at once, unless the root is
  // still being read, or tasks that can't be watched by inotify must be read again first.
  void when_ready(std::function<void()> call);

  // The next three functions are up to date in a callback of when_ready().
  Rows rows();
  std::optional<TaskEntry> find(const std::string& task_id) const;
  // Returns the history of an active task; nullptr for any other task, and for one that can't be
  // read.
  const History* history(const std::string& task_id) const;

 private:
  struct Followed;
  struct Task {
    TaskDirectory directory = TaskDirectory::Active;
    // For an active task, and for a finished task while it is read.
    std::unique_ptr<Followed> followed;
    Row row;
    bool queued = false;
    bool known = false;  // `row` is complete
    // The task appeared after the root was first read, so its first records become events, too.
    bool fresh = false;
  };

  void watch_names();
  void watch_way_to(const std::string& wanted);
  Status watch_directory(const std::string& directory);
  void watch_and_rescan();
  void names_changed(const std::string& directory, std::string_view name, std::uint32_t mask);
  Status rescan();
  void consider(const std::string& id);
  void forget(const std::string& id);
  void watch_task(const std::string& id, Task& task);
  void queue(const std::string& id);
  void work();
  void look_at(const std::string& id, Task& task);
  void finish_pass(const std::string& id, Task& task);
  void fail_pass(const std::string& id, Task& task, const Error& error);
  void tell(const std::string& id, Task& task);
  bool names_watched() const;

  Loop& loop_;
  Inotify& inotify_;
  const Paths& paths_;
  EventRing& events_;
  std::map<std::string, Task, std::less<>> tasks_;
  std::deque<std::string> queue_;
  bool loaded_ = false;
  // nullptr: a row has changed, so rows() makes the list again.
  Rows rows_;
  std::map<std::string, int> name_watches_;  // by directory
  std::set<std::string> unwatched_;          // active tasks that inotify does not watch
  std::vector<std::function<void()>> waiting_;
  WhileBusy busy_;
};

}  // namespace thermos::observe
