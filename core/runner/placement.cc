#include "core/runner/placement.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "core/task/node_choice.h"

namespace thermos {

Room room_for(const ProcessConfig& process) {
  Room room{1000, 0};
  if (!process.resources) return room;
  if (process.resources->cpu > 0) {
    room.cpu = static_cast<std::int64_t>(std::ceil(process.resources->cpu * 1000));
  }
  room.ram = process.resources->ram;
  return room;
}

void Placement::use(const std::vector<std::string>& nodes) {
  for (const std::string& node : nodes) index_of(node);
  if (!active()) return;
  places_.resize(task_.processes.size());
  std::map<std::string_view, ProcessIndex> by_name;
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    by_name.emplace(task_.processes[p].name, p);
  }
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    // The check of the task refuses processes whose `on` leads in a ring.
    ProcessIndex root = p;
    for (On on = on_of(task_.processes[root].on); on.rule == On::Rule::SameAs;
         on = on_of(task_.processes[root].on)) {
      root = by_name.find(on.name)->second;
    }
    if (root == p) continue;
    in_.emplace(p, root);
    in_.emplace(root, root);
    Group& group = groups_[root];
    const On on = on_of(task_.processes[root].on);
    if (on.rule == On::Rule::Node) group.node = index_of(on.name);
  }
}

Placement::Group* Placement::group_of(ProcessIndex p) {
  const auto in = in_.find(p);
  return in == in_.end() ? nullptr : &groups_.find(in->second)->second;
}

std::uint32_t Placement::index_of(std::string_view node) {
  const auto known = std::find_if(nodes_.begin(), nodes_.end(),
                                  [node](const Node& one) { return one.name == node; });
  if (known == nodes_.end()) {
    nodes_.push_back({std::string(node), false, {}, {}});
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }
  return static_cast<std::uint32_t>(known - nodes_.begin());
}

void Placement::up(std::string_view node, const Room& room) {
  Node& one = nodes_[index_of(node)];
  places_.resize(task_.processes.size());
  one.up = true;
  one.room = room;
  changed_ = true;
}

void Placement::down(std::string_view node) {
  nodes_[index_of(node)].up = false;
}

bool Placement::is_up(std::string_view node) const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [node](const Node& one) { return one.up && one.name == node; });
}

void Placement::gone(std::string_view node) {
  if (!active()) return;
  const std::uint32_t index = index_of(node);
  nodes_[index].up = false;
  for (auto& [root, group] : groups_) {
    const bool fixed = on_of(task_.processes[root].on).rule == On::Rule::Node;
    if (fixed || group.node != index) continue;
    group.node = kAny;
    std::vector<ProcessIndex> waiting;
    for (const auto& [p, in] : in_) {
      if (in == root && places_[p].waits) waiting.push_back(p);
    }
    ask_again(waiting, group);
  }
}

// ---- asking ------------------------------------------------------------------------------------

void Placement::ask(ProcessIndex p) {
  Place& place = places_[p];
  place.waits = true;
  ++waiting_;
  if (Group* group = group_of(p)) return ask_as_group(p, *group);
  const On on = on_of(task_.processes[p].on);
  enqueue(p, on.rule == On::Rule::Node ? index_of(on.name) : kAny);
}

void Placement::ask_as_group(ProcessIndex p, Group& group) {
  if (group.node != kAny) return enqueue(p, group.node);
  if (group.asks) {
    group.followers.push_back(p);
  } else {
    group.asks = p;
    enqueue(p, kAny);
  }
}

void Placement::ask_again(const std::vector<ProcessIndex>& followers, Group& group) {
  for (const ProcessIndex follower : followers) {
    if (places_[follower].waits) ask_as_group(follower, group);
  }
}

void Placement::enqueue(ProcessIndex p, std::uint32_t node) {
  const Room demand = room_for(task_.processes[p]);
  Queue& queue = queues_[{node, demand.cpu, demand.ram}];
  queue.demand = demand;
  queue.node = node;
  queue.requests.push_back({p, ++places_[p].ticket, order_++});
  changed_ = true;
}

bool Placement::withdraw(ProcessIndex p) {
  if (!waits(p)) return false;
  places_[p].waits = false;
  --waiting_;
  Group* group = group_of(p);
  if (group != nullptr && group->asks == p) {
    group->asks.reset();
    ask_again(std::exchange(group->followers, {}), *group);
  }
  return true;
}

// ---- placing -----------------------------------------------------------------------------------

bool Placement::fits(const Node& node, const Room& demand) {
  if (!node.up || node.taken.cpu + demand.cpu > node.room.cpu) return false;
  return node.room.ram == 0 || node.taken.ram + demand.ram <= node.room.ram;
}

std::optional<std::uint32_t> Placement::find_node(const Queue& queue) const {
  if (queue.node != kAny) {
    return fits(nodes_[queue.node], queue.demand) ? std::optional(queue.node) : std::nullopt;
  }
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (fits(nodes_[i], queue.demand)) return i;
  }
  return std::nullopt;
}

void Placement::drop_void(Queue& queue) const {
  const auto is_void = [this](const PlaceRequest& request) {
    const Place& place = places_[request.process];
    return !place.waits || place.ticket != request.ticket;
  };
  while (!queue.requests.empty() && is_void(queue.requests.front())) queue.requests.pop_front();
}

std::optional<Placement::Placed> Placement::next() {
  if (!changed_ || waiting_ == 0) return std::nullopt;
  Queue* first = nullptr;
  std::uint32_t node = kAny;
  for (auto it = queues_.begin(); it != queues_.end();) {
    Queue& queue = it->second;
    drop_void(queue);
    if (queue.requests.empty()) {
      it = queues_.erase(it);
      continue;
    }
    ++it;
    if (first != nullptr && first->requests.front().order < queue.requests.front().order) continue;
    if (const auto found = find_node(queue)) {
      first = &queue;
      node = *found;
    }
  }
  if (first == nullptr) {
    changed_ = false;
    return std::nullopt;
  }
  const ProcessIndex p = first->requests.front().process;
  first->requests.pop_front();
  places_[p].waits = false;
  --waiting_;
  take(p, node);
  return Placed{p, nodes_[node].name};
}

void Placement::take(ProcessIndex p, std::uint32_t node) {
  places_[p].node = node;
  places_[p].holds = true;
  const Room demand = room_for(task_.processes[p]);
  nodes_[node].taken.cpu += demand.cpu;
  nodes_[node].taken.ram += demand.ram;
  Group* group = group_of(p);
  if (group == nullptr) return;
  group->node = node;
  if (group->asks == p) group->asks.reset();
  ask_again(std::exchange(group->followers, {}), *group);
}

void Placement::restore(ProcessIndex p, std::string_view node, bool live) {
  const std::uint32_t index = index_of(node);
  places_.resize(task_.processes.size());
  if (live) {
    if (!places_[p].holds) take(p, index);
  } else {
    places_[p].node = index;
    Group* group = group_of(p);
    if (group != nullptr && group->node == kAny) group->node = index;
  }
}

void Placement::release(ProcessIndex p) {
  if (!active() || !places_[p].holds) return;
  places_[p].holds = false;
  const Room demand = room_for(task_.processes[p]);
  Node& node = nodes_[places_[p].node];
  node.taken.cpu -= demand.cpu;
  node.taken.ram -= demand.ram;
  changed_ = true;
}

}  // namespace thermos
