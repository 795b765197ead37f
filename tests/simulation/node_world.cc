#include "node_world.h"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broken.h"
#include "node_claims.h"
#include "node_coordinators.h"
#include "node_files.h"
#include "node_leader.h"
#include "node_ledger.h"
#include "node_machine.h"
#include "node_pipe.h"
#include "node_servers.h"
#include "node_surroundings.h"

namespace thermos::sim {
namespace {

constexpr std::uint64_t kMostNodeEvents = 60'000;
// The faults come within this time.
constexpr Microseconds kTroubled = 60 * kSecond;
constexpr Microseconds kMostAhead = 1000 * kSecond;

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

  LeaderHost any_host();
  const History* record() const;
  void boot_leader();
  void boot_leader_later();
  void kill_leader(bool power);
  void usurp();
  void remove(const NodeLeader* leader);
  void look_after_leaders();

  NodeFaults faults_;
  NodeSurroundings around_;
  std::deque<NodeMachine> machines_;
  NodeLedger ledger_{around_.task};
  NodePipes pipes_{around_.timeline, around_.random};
  NodeFiles files_{around_, pipes_};
  NodeCoordinators coordinators_{around_, files_, ledger_, [this] { return record(); }};
  NodeClaims claims_{around_, pipes_, files_};
  NodeServers servers_{around_, pipes_, files_, claims_, coordinators_};
  std::vector<LeaderHost> hosts_{{}};
  std::deque<std::unique_ptr<NodeLeader>> leaders_;
  NodeLeader* leader_ = nullptr;  // has the lock of the record
  bool over_ = false;             // by its record
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
  for (std::uint64_t i = 1; faults.moves && i <= 2; ++i) {
    hosts_.push_back({{5, 5 + i},
                      around_.random.between(-kMostAhead, kMostAhead),
                      around_.random.between(0, kMostAhead)});
  }
}

NodeOutcome NodeWorld::live() {
  try {
    plan_faults();
    around_.timeline.after(0, [this] { boot_leader(); });
    for (std::uint64_t events = 0; !around_.timeline.empty() && !(over_ && leaders_.empty());
         ++events) {
      require(events < kMostNodeEvents, "the task does not end");
      around_.timeline.step();
      look_after_leaders();
    }
    require(over_, "nothing more happens, and the task is not over: a lost wake-up");
    const auto replay = around_.disk.recover();
    require(replay.ok() && replay->history == last_, "its end is not on record");
    ledger_.check_end(last_, around_.sandbox, around_.outcome);
  } catch (const Broken& broken) {
    around_.outcome.broken = broken.what();
    for (const std::string& line : around_.lines) *around_.outcome.broken += "\n  " + line;
  }
  return around_.outcome;
}

// ---- leaders -----------------------------------------------------------------------------------

LeaderHost NodeWorld::any_host() {
  return hosts_[around_.random.below(static_cast<std::uint32_t>(hosts_.size()))];
}

// As whoever wrote it last knows it, if that leader lives.
const History* NodeWorld::record() const {
  if (over_) return &last_;
  for (const auto& leader : leaders_) {
    if (leader->is_current()) return &leader->runner().history();
  }
  return nullptr;
}

void NodeWorld::boot_leader() {
  if (leader_ != nullptr || over_) return;  // it finds the lock held, or the end on record
  auto replay = around_.disk.recover();
  require(replay.ok(), "the stream does not replay");
  around_.disk.sync();
  if (is_terminal(replay->history.state())) {
    last_ = std::move(replay->history);
    over_ = true;
    return;
  }
  around_.say("* leader " + std::to_string(++around_.outcome.leaders) + " begins");
  leaders_.push_back(std::make_unique<NodeLeader>(around_, servers_, machines_, any_host(),
                                                  std::move(replay->history)));
  leader_ = leaders_.back().get();
  if (faults_.usurpations == 0) return leader_->begin();
  // Another may write between what it has read and what it writes first.
  around_.timeline.after(around_.random.between(0, 20 * kMs), [this, leader = leader_] {
    if (leader == leader_) leader->begin();
  });
}

void NodeWorld::boot_leader_later() {
  leader_ = nullptr;
  around_.timeline.after(
      around_.random.pick<Microseconds>({0, around_.random.between(0, 10 * kSecond)}),
      [this] { boot_leader(); });
}

void NodeWorld::remove(const NodeLeader* leader) {
  for (const NodeMachine& machine : machines_) {
    if (const NodePipePtr pipe = leader->pipe_to(machine)) pipes_.cut(pipe);
  }
  std::erase_if(leaders_, [leader](const auto& one) { return one.get() == leader; });
}

void NodeWorld::kill_leader(bool power) {
  around_.say(power ? "* the leader's machine goes down" : "* the leader is killed");
  remove(leader_);
  if (power) around_.disk.lose_tail(false, around_.random);
  boot_leader_later();
}

// Another takes the task over, and this one goes on with what it believes.
void NodeWorld::usurp() {
  NodeLeader* leader = leader_;
  const std::uint32_t how = around_.random.below(3);
  around_.say(how == 0 ? "* the leader's lock is lost" : "* the leader's host stands still");
  if (how > 0) leader->stall(how == 1);
  const bool wakes = around_.random.chance(80);
  if (how > 0 && wakes) {
    around_.timeline.after(around_.random.between(0, 40 * kSecond), [this, leader] {
      for (const auto& one : leaders_) {
        if (one.get() != leader) continue;
        around_.say("* a leader wakes");
        leader->wake();
      }
    });
  }
  boot_leader_later();
}

void NodeWorld::look_after_leaders() {
  for (std::size_t i = 0; i < leaders_.size(); ++i) {
    NodeLeader* leader = leaders_[i].get();
    if (!leader->finished() && !leader->stopped()) continue;
    if (leader->finished()) {
      last_ = leader->runner().history();
      over_ = true;
    } else {
      ++around_.outcome.superseded;
    }
    remove(leader);
    // Somebody starts another: the one who goes on may have to stop, too.
    if (leader == leader_) boot_leader_later();
    return;
  }
}

// ---- faults ------------------------------------------------------------------------------------

void NodeWorld::trouble(std::uint32_t count, const std::function<void()>& fault) {
  for (std::uint32_t i = around_.random.below(2 * count + 1); i > 0; --i) {
    around_.timeline.after(around_.random.between(0, kTroubled), fault);
  }
}

void NodeWorld::plan_faults() {
  trouble(faults_.leader_kills, [this] {
    if (leader_ != nullptr) kill_leader(faults_.power && around_.random.chance(50));
  });
  trouble(faults_.usurpations, [this] {
    if (leader_ != nullptr) usurp();
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
  servers_.all_die(machine);
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
  if (around_.random.chance(30)) {
    around_.timeline.after(around_.random.between(0, 5 * kSecond), [this, &machine] {
      if (leader_ != nullptr && !machine.reachable) leader_->call(machine, true);
    });
  }
  around_.timeline.after(around_.random.between(0, 30 * kSecond), [this, &machine] {
    around_.say("* " + machine.name + " can be reached again");
    machine.reachable = true;
    if (leader_ != nullptr && around_.random.chance(50)) leader_->call(machine, false);
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
