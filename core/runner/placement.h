// Which node a run is launched on. The runs of a task with nodes ask in the order in which the plan
// starts them, and get the first node, in the order of the nodes, that has room for what the
// process takes: its `resources`, or else one core. A run that no node has room for waits here, and
// does not hold up one that takes less, or may go elsewhere. Processes that are to be on the same
// node (on.h) make a group: whichever asks first decides where all of them are, until that node is
// gone.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// What a node has, or a process takes. A ram of 0 in a node: not known, so that it limits nothing.
struct Room {
  std::int64_t cpu = 0;  // thousandths of a core
  std::int64_t ram = 0;  // bytes
  bool operator==(const Room&) const = default;
};
Room room_for(const ProcessConfig& process);

class Placement {
 public:
  // `task` outlives this.
  explicit Placement(const TaskConfig& task) : task_(task) {}

  // The nodes, in the order in which they are tried. All are down. Without any, nothing is placed.
  void use(const std::vector<std::string>& nodes);
  bool active() const { return !nodes_.empty(); }

  // Something may start on it, from here on. A node that was not named before comes last.
  void up(std::string_view node, const Room& room);
  // Nothing new starts there. What runs there keeps its room.
  void down(std::string_view node);
  // The same, and groups that were there go elsewhere. The caller releases what ran there.
  void gone(std::string_view node);

  bool is_up(std::string_view node) const;

  // Its next run is to be placed. REQUIRES: it does not wait.
  void ask(ProcessIndex p);
  // It is not wanted any more. Returns whether it waited.
  bool withdraw(ProcessIndex p);
  bool waits(ProcessIndex p) const { return active() && places_[p].waits; }
  std::size_t waiting() const { return waiting_; }

  struct Placed {
    ProcessIndex process = 0;
    std::string_view node;  // valid as long as this
  };
  // One that has its node now, and takes its room there; nothing if none of those that wait does.
  std::optional<Placed> next();

  // At a resume, or where a launch that was called off is made after all: a run of it is, or was
  // last, on this node. `live`: it takes room there. REQUIRES: a node that is gone is not said to
  // have been the last.
  void restore(ProcessIndex p, std::string_view node, bool live);
  // Its run is over: what it took is free.
  void release(ProcessIndex p);

 private:
  static constexpr std::uint32_t kAny = ~std::uint32_t{0};
  struct Node {
    std::string name;
    bool up = false;
    Room room;
    Room taken;
  };
  struct Place {
    std::uint32_t node = kAny;  // of its latest run
    bool holds = false;         // it takes room there
    bool waits = false;
    std::uint32_t ticket = 0;  // of its latest ask(); an older one in a queue is void
  };
  // Of processes that are to be on the same node.
  struct Group {
    std::uint32_t node = kAny;
    std::optional<ProcessIndex> asks;     // for any node, which will be that of all
    std::vector<ProcessIndex> followers;  // wait for what that gets
  };
  struct PlaceRequest {
    ProcessIndex process;
    std::uint32_t ticket;
    std::uint64_t order;
  };
  // Those that ask for the same: if the first has no room, none has.
  struct Queue {
    Room demand;
    std::uint32_t node = kAny;  // the only one it may be
    std::deque<PlaceRequest> requests;
  };
  using Key = std::tuple<std::uint32_t, std::int64_t, std::int64_t>;

  std::uint32_t index_of(std::string_view node);
  static bool fits(const Node& node, const Room& demand);
  std::optional<std::uint32_t> find_node(const Queue& queue) const;
  Group* group_of(ProcessIndex p);
  void ask_as_group(ProcessIndex p, Group& group);
  void ask_again(const std::vector<ProcessIndex>& followers, Group& group);
  void enqueue(ProcessIndex p, std::uint32_t node);
  void drop_void(Queue& queue) const;
  void take(ProcessIndex p, std::uint32_t node);

  const TaskConfig& task_;
  std::vector<Node> nodes_;
  std::vector<Place> places_;
  std::map<Key, Queue> queues_;
  std::map<ProcessIndex, Group> groups_;     // by the process that the others name
  std::map<ProcessIndex, ProcessIndex> in_;  // the groups of processes
  std::size_t waiting_ = 0;
  std::uint64_t order_ = 0;
  bool changed_ = false;  // since nothing was found
};

}  // namespace thermos
