// Decides which node a run is launched on. The runs of a task with nodes ask in the order in which
// the plan starts them. Each gets the first node, in the order of the nodes, that has room for what
// its process takes: its `resources`, or else one core. A run that no node has room for waits here.
// It does not hold up a run that takes less, or may go elsewhere. Processes that are to be on the
// same node (node_choice.h) make a group: the first to ask decides the node of all of them, until
// that node is gone.
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

// What a node has, or a process takes. If a node's ram is 0, its memory is unknown and does not
// limit placement.
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

  // Sets the nodes, in the order in which they are tried. All of them are down at first. Without
  // nodes, nothing is placed.
  void use(const std::vector<std::string>& nodes);
  bool active() const { return !nodes_.empty(); }

  // Lets runs be placed on a node, which has this room. A node that was not named before comes
  // last.
  void up(std::string_view node, const Room& room);
  // Lets no new run be placed on the node. The runs there keep their room.
  void down(std::string_view node);
  // Does the same as down(), and lets the groups that were there go elsewhere, unless their `on`
  // names the node. The caller releases the runs that were there.
  void gone(std::string_view node);

  bool is_up(std::string_view node) const;

  // Asks for a node for the next run of `p`. REQUIRES: `p` does not wait.
  void ask(ProcessIndex p);
  // Withdraws the request of `p`, which is not wanted any more. Returns whether `p` waited.
  bool withdraw(ProcessIndex p);
  bool waits(ProcessIndex p) const { return active() && places_[p].waits; }
  std::size_t waiting() const { return waiting_; }

  struct Placed {
    ProcessIndex process = 0;
    std::string_view node;  // borrowed from this Placement
  };
  // Assigns a node to one waiting process, reserves its room there, and returns both. Returns
  // nothing if no waiting process fits.
  std::optional<Placed> next();

  // Notes that the latest run of `p` is, or was, on this node: at a resume, or if a launch that was
  // called off is made after all. `live`: the run takes room there. REQUIRES: if not `live`, the
  // node is not gone.
  void restore(ProcessIndex p, std::string_view node, bool live);
  // Frees the room that the run of `p` took, which is over.
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
    std::uint32_t node = kAny;  // the node of its latest run
    bool holds = false;         // its run takes room on that node
    bool waits = false;
    std::uint32_t ticket = 0;  // of its latest request; an older one in a queue is void
  };
  // Processes that are to be on the same node.
  struct Group {
    std::uint32_t node = kAny;
    std::optional<ProcessIndex> asks;     // the one that asks for a node for all of them
    std::vector<ProcessIndex> followers;  // the ones that wait for that node
  };
  struct PlaceRequest {
    ProcessIndex process;
    std::uint32_t ticket;
    std::uint64_t order;
  };
  // Requests for the same room on the same node: if the first finds none, none of them does.
  struct Queue {
    Room demand;
    std::uint32_t node = kAny;  // the only node allowed; kAny: all are
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
  std::map<ProcessIndex, Group> groups_;     // by the process whose node the others share
  std::map<ProcessIndex, ProcessIndex> in_;  // the group of each process that is in one
  std::size_t waiting_ = 0;
  std::uint64_t order_ = 0;
  bool changed_ = false;  // whether anything has changed since next() found nothing
};

}  // namespace thermos
