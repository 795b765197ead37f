// Ends all that runs of a task on a node, for a leader that has taken the node for gone: whatever
// ran here is LOST on its record, and runs elsewhere. The streams are removed, as the record of the
// task has gone on otherwise than they say.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/times.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_setup.h"

namespace thermos {

class NodeCleaning {
 public:
  // `reactor` and `setup` outlive this. `done` is called once, in begin() or later, when no
  // coordinator of the task and nothing that one left is alive here.
  NodeCleaning(Reactor& reactor, const TaskSetup& setup, std::function<void()> done);
  ~NodeCleaning();
  NodeCleaning(const NodeCleaning&) = delete;
  NodeCleaning& operator=(const NodeCleaning&) = delete;

  void begin();
  // What inotify tells of the checkpoint directory, whose one watch is another's: a write to a
  // file, or its closing; or that events were lost.
  void changed(std::string_view file);
  void all_changed();

 private:
  struct Left;
  struct StopOrder;
  struct Delay;
  // Looks at the stream at `path`: ends its coordinator if one holds the lock, or else what that
  // left.
  void look(const std::string& path);
  void wait(const std::string& path, const Left& left);
  void ended(std::string path);
  void look_later(const std::string& path);
  void look_now(const std::string& path);
  void sweep(const std::string& path, const Left& left);
  void over(const std::string& path);
  void one_over();

  Reactor& reactor_;
  const TaskSetup& setup_;
  std::function<void()> done_;
  // By the path of the stream.
  std::map<std::string, StopOrder> stop_orders_;
  std::map<std::string, Delay> delays_;
  std::size_t open_ = 0;  // streams whose run is not over
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
