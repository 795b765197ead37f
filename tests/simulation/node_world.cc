#include "node_world.h"

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "broken.h"
#include "node_coordinators.h"
#include "node_leader.h"
#include "node_ledger.h"
#include "node_machine.h"
#include "node_pipe.h"
#include "node_servers.h"
#include "node_surroundings.h"

namespace thermos::sim {
namespace {

constexpr std::uint64_t kMostEvents = 60'000;
// The faults come within this time.
constexpr Microseconds kTroubled = 60 * kSecond;

class NodeWorld {
 public:
  NodeWorld(std::uint64_t seed, const NodeFaults& faults, bool traced);
  NodeOutcome live();

 private:
  void plan_faults();
  void trouble(std::uint32_t count, const std::function<void()>& fault);
  void go_down(NodeMachine& machine);
  void part(NodeMachine& machine);
  NodeMachine& any_machine() {
    return machines_[around_.random.below(static_cast<std::uint32_t>(machines_.size()))];
  }

  void boot_leader();
  void kill_leader(bool power);

  NodeFaults faults_;
  NodeSurroundings around_;
  std::deque<NodeMachine> machines_;
  NodeLedger ledger_{around_.task};
  NodePipes pipes_{around_.timeline, around_.random};
  NodeCoordinators coordinators_{around_, pipes_, ledger_, [this] {
                                   return leader_ ? &leader_->runner().history() : nullptr;
                                 }};
  NodeServers servers_{around_, pipes_, coordinators_};
  std::unique_ptr<NodeLeader> leader_;
  std::uint64_t leads_ = 0;
  bool over_ = false;
  History last_;
};

NodeWorld::NodeWorld(std::uint64_t seed, const NodeFaults& faults, bool traced)
    : faults_(faults), around_(seed, traced) {
  const std::uint32_t nodes = 1 + around_.random.below(4);
  for (std::uint32_t i = 0; i < nodes; ++i) {
    NodeMachine& machine = machines_.emplace_back();
    machine.name = "n" + std::to_string(i + 1);
    around_.names.push_back(machine.name);
  }
  around_.make_task();
}

NodeOutcome NodeWorld::live() {
  try {
    plan_faults();
    around_.timeline.after(0, [this] { boot_leader(); });
    for (std::uint64_t events = 0; !around_.timeline.empty() && !over_; ++events) {
      require(events < kMostEvents, "the task does not end");
      around_.timeline.step();
      if (leader_ && leader_->finished()) {
        last_ = leader_->runner().history();
        over_ = true;
        leader_.reset();
      }
    }
    require(over_, "nothing more happens, and the task is not over: a lost wake-up");
    ledger_.check_end(last_, around_.outcome);
  } catch (const Broken& broken) {
    around_.outcome.broken = broken.what();
    for (const std::string& line : around_.lines) *around_.outcome.broken += "\n  " + line;
  }
  return around_.outcome;
}

// ---- leaders -----------------------------------------------------------------------------------

void NodeWorld::boot_leader() {
  auto replay = around_.disk.recover();
  require(replay.ok(), "the stream does not replay");
  around_.disk.sync();
  if (is_terminal(replay->history.state())) {
    last_ = std::move(replay->history);
    over_ = true;
    return;
  }
  ++around_.outcome.leaders;
  around_.say("* leader " + std::to_string(leads_ + 1) + " begins");
  leader_ = std::make_unique<NodeLeader>(around_, servers_, machines_, std::move(replay->history),
                                         ++leads_);
  leader_->begin();
}

void NodeWorld::kill_leader(bool power) {
  around_.say(power ? "* the leader's machine goes down" : "* the leader is killed");
  for (const NodeMachine& machine : machines_) {
    if (const NodePipePtr pipe = leader_->pipe_to(machine)) pipes_.cut(pipe);
  }
  leader_.reset();
  if (power) around_.disk.lose_tail(false, around_.random);
  around_.timeline.after(
      around_.random.pick<Microseconds>({0, around_.random.between(0, 10 * kSecond)}),
      [this] { boot_leader(); });
}

// ---- faults ------------------------------------------------------------------------------------

void NodeWorld::trouble(std::uint32_t count, const std::function<void()>& fault) {
  for (std::uint32_t i = around_.random.below(2 * count + 1); i > 0; --i) {
    around_.timeline.after(around_.random.between(0, kTroubled), fault);
  }
}

void NodeWorld::plan_faults() {
  trouble(faults_.leader_kills, [this] {
    if (leader_) kill_leader(faults_.power && around_.random.chance(50));
  });
  trouble(faults_.server_kills, [this] {
    if (const NodePipePtr pipe = any_machine().server) {
      around_.say("* a server is killed");
      servers_.die(pipe);
    }
  });
  trouble(faults_.pipe_cuts, [this] {
    if (const NodePipePtr pipe = any_machine().server) {
      around_.say("* a pipe is cut");
      pipes_.cut(pipe);
    }
  });
  trouble(faults_.hangs, [this] {
    if (const NodePipePtr pipe = any_machine().server) {
      pipe->slow_until = around_.timeline.now() + around_.random.between(0, 20 * kSecond);
    }
  });
  trouble(faults_.coordinator_kills, [this] {
    NodeMachine& machine = any_machine();
    for (auto& [p, place] : machine.places) {
      if (place.locked && around_.random.chance(50)) coordinators_.kill(machine, p);
    }
  });
  trouble(faults_.outages, [this] { go_down(any_machine()); });
  trouble(faults_.partitions, [this] { part(any_machine()); });
}

void NodeWorld::go_down(NodeMachine& machine) {
  if (!machine.powered) return;
  around_.say("* " + machine.name + " goes down");
  machine.powered = false;
  ++machine.boots;
  if (machine.server) servers_.die(machine.server);
  coordinators_.lose(machine);
  around_.timeline.after(around_.random.between(0, 30 * kSecond), [this, &machine] {
    around_.say("* " + machine.name + " is powered again");
    machine.powered = true;
  });
}

void NodeWorld::part(NodeMachine& machine) {
  if (!machine.reachable) return;
  around_.say("* " + machine.name + " can't be reached");
  machine.reachable = false;
  if (machine.server) pipes_.cut(machine.server);
  if (leader_ && around_.random.chance(30)) {
    around_.timeline.after(around_.random.between(0, 5 * kSecond), [this, &machine] {
      if (leader_ && !machine.reachable) leader_->call(machine, true);
    });
  }
  around_.timeline.after(around_.random.between(0, 30 * kSecond), [this, &machine] {
    around_.say("* " + machine.name + " can be reached again");
    machine.reachable = true;
    if (leader_ && around_.random.chance(50)) leader_->call(machine, false);
  });
}

}  // namespace

NodeOutcome run_nodes(std::uint64_t seed, const NodeFaults& faults) {
  NodeOutcome outcome = NodeWorld(seed, faults, false).live();
  if (outcome.broken) {
    outcome.broken = "seed " + std::to_string(seed) + "\n" +
                     NodeWorld(seed, faults, true).live().broken.value_or("?");
  }
  return outcome;
}

}  // namespace thermos::sim
