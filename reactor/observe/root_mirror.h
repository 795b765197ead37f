// The tasks of a root as they are now: read once, and followed by inotify. Each change becomes an
// event. Works whoever else lives, as it reads nothing but files.
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
    bool failed = false;                      // FAILED, or it can't be read
    Microseconds launched = 0;                // 0: not known
    std::shared_ptr<const std::string> text;  // the JSON
  };
  // Active ones first, and of each kind those that were launched last.
  using Rows = std::shared_ptr<const std::vector<Row>>;

  RootMirror(Loop& loop, Inotify& inotify, const Paths& paths, EventRing& events);
  ~RootMirror();
  RootMirror(const RootMirror&) = delete;
  RootMirror& operator=(const RootMirror&) = delete;

  // Begins to read. Fails as list_tasks() does.
  Status start();

  // Calls `call` when what is here is what the disk says: at once, unless the root is still being
  // read, or something can't be watched and is looked at again.
  void when_ready(std::function<void()> call);

  // These are for who was called by when_ready().
  Rows rows();
  std::optional<TaskEntry> find(const std::string& task_id) const;
  // The history of an active task; nullptr for any other, and for one that can't be read.
  const History* history(const std::string& task_id) const;

 private:
  struct Followed;
  struct Task {
    TaskDirectory directory = TaskDirectory::Active;
    std::unique_ptr<Followed> followed;  // of an active one, and of one that is being read
    Row row;
    bool queued = false;
    bool known = false;  // its row is made
    bool fresh = false;  // it came while we looked: its first records are news
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
  Rows rows_;                                // nothing: they have changed
  std::map<std::string, int> name_watches_;  // by directory
  std::set<std::string> unwatched_;          // active tasks
  std::vector<std::function<void()>> waiting_;
  WhileBusy busy_;
};

}  // namespace thermos::observe
