// Answers the HTTP requests about the tasks of a root.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/result.h"
#include "core/explain/chronicle.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/observe/directory_watches.h"
#include "reactor/observe/event_ring.h"
#include "reactor/observe/http.h"
#include "reactor/observe/resource_watch.h"
#include "reactor/observe/root_mirror.h"
#include "reactor/observe/route.h"
#include "reactor/observe/step_work.h"
#include "reactor/os/file_version.h"

namespace thermos::observe {

class Answers {
 public:
  // All references outlive this, and also the exchanges that it is given.
  Answers(Loop& loop, Deadlines& deadlines, const Paths& paths, RootMirror& mirror,
          EventRing& events, DirectoryWatches& watches);

  void answer(const Route& route, const Request& request,
              const std::shared_ptr<Exchange>& exchange);

 private:
  using Asker = std::shared_ptr<Exchange>;
  // A task's records, and the uid that owns its stream.
  struct Recorded {
    History history;
    std::uint32_t recorded_by = 0;
  };
  using KnownPast = std::shared_ptr<const Recorded>;

  void events(const Route& route, const Request& request, const Asker& asker);
  void tasks(const Route& route, const Asker& asker);
  void metrics(const Asker& asker);
  void task(const Route& route, const Asker& asker);
  void past_task(const TaskEntry& entry, Microseconds at, const Asker& asker);
  void graph(const TaskEntry& entry, const Asker& asker);
  void why(const Route& route, const TaskEntry& entry, const Asker& asker);
  void process(const std::string& name, const TaskEntry& entry, const Asker& asker);
  void log(const Route& route, const std::optional<std::string>& range, const Recorded& recorded,
           const Asker& asker);
  void use(const Route& route, const Recorded& recorded, const Asker& asker);
  void files(const Route& route, const std::optional<std::string>& range, const Recorded& recorded,
             const Asker& asker);

  // Calls `then` with the entry of the task, or replies that there is none.
  void with_task(const std::string& id, const Asker& asker,
                 std::function<void(const TaskEntry&)> then);
  // Calls `then` with the task's records, or with the error of reading them.
  void with_history(const TaskEntry& entry, const Asker& asker,
                    std::function<void(const Result<KnownPast>&)> then);
  void with_chronicle(const TaskEntry& entry, std::optional<Microseconds> at, const Asker& asker,
                      std::function<void(const Chronicle&)> then);
  bool run_is_over(const Route& route) const;

  const Paths& paths_;
  RootMirror& mirror_;
  EventRing& events_;
  DirectoryWatches& watches_;
  // The histories of the ended tasks that were requested last, because a page requests several
  // parts of one task. `file` tells if another task has the id by now, because it has a file of its
  // own.
  struct Recent {
    std::string id;
    FileVersion file;
    KnownPast past;
  };
  std::list<Recent> recent_;
  Jobs jobs_;
  std::optional<BootId> boot_;
  ResourceWatch resources_;
};

// Makes a reply that tells the error.
Reply error_reply(const Error& error);

}  // namespace thermos::observe
