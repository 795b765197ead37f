// Ends everything of a task that still runs on a node, for a leader that has called the node gone:
// the runs here are LOST on the task's record, and run again elsewhere. Removes the streams,
// because the record has gone on differently from what they say.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/times.h"
#include "core/record/history.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_setup.h"

namespace thermos {

class NodeCleaning {
 public:
  // `reactor` and `setup` outlive this. `done` is called once, in begin() or later, when no
  // coordinator of the task is alive here, and no process that a coordinator left.
  NodeCleaning(Reactor& reactor, const TaskSetup& setup, std::function<void()> done);
  ~NodeCleaning();
  NodeCleaning(const NodeCleaning&) = delete;
  NodeCleaning& operator=(const NodeCleaning&) = delete;

  void begin();
  // Called with the events of the checkpoint directory, which somebody else watches: a write to
  // `file`, or its closing; or that events were lost.
  void changed(std::string_view file);
  void all_changed();

 private:
  struct Told;
  struct Delay;
  // Looks at the stream at `path`. If a coordinator holds its lock, ends that; otherwise ends the
  // processes that the coordinator left.
  void look(const std::string& path);
  void wait(const std::string& path, const Run* run);
  void ended(std::string path);
  void look_later(const std::string& path);
  void look_now(const std::string& path);
  void sweep(const std::string& path, const Run& run);
  void over(const std::string& path);
  void one_over();

  Reactor& reactor_;
  const TaskSetup& setup_;
  std::function<void()> done_;
  // By the path of the stream.
  std::map<std::string, Told> told_;
  std::map<std::string, Delay> delays_;
  std::size_t open_ = 0;  // streams whose run is not over
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
