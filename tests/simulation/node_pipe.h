// The pipe between a leader and a node's server. Either end may be closed without the other
// knowing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "capnp/nodes.h"
#include "core/runner/node_link.h"
#include "core/runner/runner.h"
#include "random.h"
#include "timeline.h"

namespace thermos::sim {

class NodeCarrier;
struct NodePipe;
struct NodeMachine;
using NodePipePtr = std::shared_ptr<NodePipe>;

// The leader's end: what it hears of a server.
class NodeHearer {
 public:
  virtual void refused() = 0;
  virtual void told(const NodePipePtr& pipe, const node::Event& event) = 0;
  virtual void record(const NodePipePtr& pipe, ProcessIndex p, const ProcessStatus& status) = 0;
  virtual void feed(const Event& event) = 0;
  virtual void file(const NodePipePtr& pipe, const nodes::FileMessage& message) = 0;

 protected:
  ~NodeHearer() = default;
};

struct NodePipe {
  NodeHearer* leader = nullptr;  // nullptr: its end is closed
  NodeMachine* node = nullptr;   // nullptr: the server reads nothing more
  std::uint64_t lead = 0;        // the leader's number
  Identity server;               // its process
  std::optional<Identity> told;  // whom it told to give its node up
  std::set<ProcessIndex> reads;  // whose streams the server has read so far, and goes on reading
  std::shared_ptr<NodeCarrier> files;  // the server's; nothing: it serves nobody
  // The success of a run and what there is to tell behind that, until the files that it made are
  // with the leader.
  std::map<ProcessIndex, std::vector<std::function<void(NodeHearer&)>>> held;
  bool cut = false;  // what is sent from here on arrives nowhere
  Microseconds slow_until = 0;
  Microseconds last_down = 0;  // the latest delivery planned, each way
  Microseconds last_up = 0;
};

// Carries messages, each way in the order in which they were sent.
class NodePipes {
 public:
  // Both outlive this.
  NodePipes(Timeline& timeline, Random& random) : timeline_(timeline), random_(random) {}

  void down(const NodePipePtr& pipe, std::function<void(NodeMachine&)> message);
  void up(const NodePipePtr& pipe, std::function<void(NodeHearer&)> message);
  // Calls this when a server learns that its pipe has ended.
  void when_server_learns(std::function<void(const NodePipePtr&)> ended) {
    ended_ = std::move(ended);
  }
  // Nothing more gets in. What is on its way is read yet; each end learns of it in its own time.
  void cut(const NodePipePtr& pipe);

 private:
  Microseconds delivery(const NodePipe& pipe, Microseconds last);

  Timeline& timeline_;
  Random& random_;
  std::function<void(const NodePipePtr&)> ended_;
};

}  // namespace thermos::sim
