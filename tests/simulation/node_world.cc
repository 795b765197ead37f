#include "node_world.h"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "broken.h"
#include "core/runner/node_link.h"
#include "core/runner/runner.h"
#include "core/task/check_task.h"
#include "disk.h"
#include "lifetime.h"
#include "random.h"
#include "timeline.h"
#include "trace_text.h"

namespace thermos::sim {
namespace {

constexpr std::uint64_t kMostEvents = 60'000;
constexpr std::size_t kTraceLines = 600;
constexpr Microseconds kMs = kSecond / 1000;
// The faults come within this time.
constexpr Microseconds kTroubled = 60 * kSecond;

// ---- what is true ------------------------------------------------------------------------------

// A process's stream and coordinator on one node.
struct Place {
  std::vector<ProcessStatus> stream;
  bool locked = false;  // a launch is under way, or a coordinator lives
  std::uint32_t run = 0;
  std::uint64_t next_seq = 0;
  Identity coordinator;
  bool tree = false;  // something of the process runs
  std::uint32_t tree_run = 0;
  bool stop_asked = false;
  std::uint64_t life = 0;  // steps planned for an earlier coordinator are dropped
};

class Leader;
struct Machine;

// A server behind its pipe. Either end may be closed without the other knowing.
struct Pipe {
  Leader* leader = nullptr;  // nullptr: its end is closed
  Machine* node = nullptr;   // nullptr: the server reads nothing more
  std::uint64_t lead = 0;
  std::set<ProcessIndex> reads;  // whose streams the server has read so far, and goes on reading
  bool cut = false;              // what is sent from here on arrives nowhere
  Microseconds slow_until = 0;
  Microseconds last_down = 0;  // the latest delivery planned, each way
  Microseconds last_up = 0;
};
using PipePtr = std::shared_ptr<Pipe>;

struct Machine {
  std::string name;
  bool powered = true;
  bool reachable = true;
  std::uint64_t boots = 1;
  std::uint64_t lead = 0;  // in the file that servers lock
  PipePtr server;          // that has the lock
  std::map<ProcessIndex, Place> places;
  BootId boot() const { return {std::hash<std::string>()(name) | 1U, boots}; }
};

class NodeWorld {
 public:
  NodeWorld(std::uint64_t seed, const NodeFaults& faults, bool traced);
  NodeOutcome live();

 private:
  friend class Leader;

  void make_task(std::uint64_t seed);
  void plan_faults();
  void trouble(std::uint32_t count, const std::function<void()>& fault);
  Machine& any_machine() {
    return machines_[random_.below(static_cast<std::uint32_t>(machines_.size()))];
  }

  void boot_leader();
  void kill_leader(bool power);
  void next_leader();

  // Servers.
  PipePtr start_server(Leader& leader, Machine& machine, std::uint64_t lead);
  void server_dies(PipePtr pipe);
  void cut(const PipePtr& pipe);
  void down(const PipePtr& pipe, std::function<void(Machine&)> message);
  void up(const PipePtr& pipe, std::function<void(Leader&)> message);
  void claim(const PipePtr& pipe);
  void relay(Machine& machine, ProcessIndex p, const ProcessStatus& status);
  void adopt(const PipePtr& pipe, Machine& machine, ProcessIndex p, std::uint32_t run,
             std::uint64_t next_seq);
  void look_beside(const PipePtr& pipe, Machine& machine, const std::vector<std::uint64_t>& seqs);
  void launch(const PipePtr& pipe, Machine& machine, ProcessIndex p, std::uint32_t run,
              std::uint64_t seq);
  void clean(const PipePtr& pipe, Machine& machine);

  // Coordinators.
  void step_of(Machine& machine, ProcessIndex p, Microseconds delay,
               std::function<void(Place&)> step);
  void write(Machine& machine, ProcessIndex p, ProcessState state);
  void begin_tree(Machine& machine, ProcessIndex p);
  void end_run(Machine& machine, ProcessIndex p, ProcessState state);
  void kill_coordinator(Machine& machine, ProcessIndex p);
  void lose_power(Machine& machine);
  void check_start(const Machine& machine, ProcessIndex p, std::uint32_t run);

  Timestamp now() const {
    return {timeline_.now() + 1'000'000 * kSecond, timeline_.now() + kSecond};
  }
  void say(const std::string& line);

  NodeFaults faults_;
  Timeline timeline_;
  Random random_;
  Lifetime life_{timeline_};
  TaskConfig task_;
  Graph graph_;
  std::vector<std::uint32_t> fails_;  // so many first runs of a process fail
  std::deque<Machine> machines_;
  std::vector<std::string> names_;
  Disk disk_;
  std::unique_ptr<Leader> leader_;
  std::uint64_t leads_ = 0;
  bool over_ = false;
  History last_;
  std::set<std::pair<ProcessIndex, std::uint32_t>> started_;
  std::map<ProcessIndex, std::uint32_t> succeeded_;  // really
  std::int32_t pids_ = 100;
  NodeOutcome outcome_;
  bool traced_;
  std::deque<std::string> lines_;
};

// ---- the leader --------------------------------------------------------------------------------

// The executor of a runner and its nodes' links, as TaskHost and TaskNodes are.
class Leader {
 public:
  Leader(NodeWorld& world, History history, std::uint64_t lead)
      : world_(world),
        lead_(lead),
        replayed_(history),
        runner_(world.task_, world.graph_, std::move(history)),
        life_(world.timeline_) {
    for (Machine& machine : world.machines_) nodes_.push_back({&machine, {}, nullptr, 0, 0});
  }
  ~Leader() {
    for (Node& node : nodes_) drop(node);
  }
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;

  void begin() {
    Lead lead;
    lead.header.task_id = "t";
    lead.header.launch_time = 1;
    lead.pid = 100;
    lead.boot = {5, 5};
    lead.nodes = world_.names_;
    std::vector<ProcessIndex> unplaced;
    for (ProcessIndex p = 0; p < world_.task_.processes.size(); ++p) {
      const ProcessHistory& past = runner_.past(p);
      if (past.live() && !past.current()->node) unplaced.push_back(p);
    }
    feed(lead);
    // Nothing of them was ever launched, as its own links find.
    for (const ProcessIndex p : unplaced)
      feed(CoordinatorGone{p, runner_.past(p).current()->number, false});
    for (Node& node : nodes_) {
      tell(node, node::Begin{runner_.history().is_gone(node.machine->name)});
    }
  }

  const Runner& runner() const { return runner_; }
  bool finished() const { return finished_; }

  void feed(const Event& event) {
    if (finished_) return;
    world_.say("> " + text_of(event, world_.task_));
    auto effects = runner_.handle(event, world_.now());
    require(effects.ok(),
            effects.ok() ? "" : "the runner refused an event: " + effects.error().message);
    std::vector<Effect> pending;
    bool durable = false;
    for (const Effect& effect : *effects) {
      const auto* append = std::get_if<Append>(&effect);
      if (append == nullptr) {
        pending.push_back(effect);
        continue;
      }
      world_.say("    < " + text_of(effect, world_.task_));
      auto written = world_.disk_.append(append->record);
      require(written.ok(), "a record can't be written");
      const auto applied = replayed_.apply(*written);
      require(applied.ok(),
              applied.ok() ? "" : "replay refuses what was written: " + applied.error().message);
      durable = durable || append->durable;
    }
    if (durable) world_.disk_.sync();
    world_.disk_.act();
    require(replayed_ == runner_.history(), "the stream is not what the runner knows");
    for (const Effect& effect : pending) carry_out(effect);
  }

  void refused() { world_.say("* the leader is superseded"); }
  void welcomed(const PipePtr& pipe) { told(pipe, node::Welcomed{}); }
  void told(const PipePtr& pipe, const node::Event& event) {
    for (Node& node : nodes_) {
      if (node.pipe == pipe) return tell(node, event);
    }
  }
  void record(const PipePtr& pipe, ProcessIndex p, const ProcessStatus& status) {
    for (const Node& node : nodes_) {
      if (node.pipe == pipe) feed(CoordinatorRecord{p, status, node.machine->name});
    }
  }
  void call(Machine& machine, bool gone) {
    for (Node& node : nodes_) {
      if (node.machine == &machine) tell(node, node::Called{gone, "somebody says so"});
    }
  }
  PipePtr pipe_to(const Machine& machine) {
    for (const Node& node : nodes_) {
      if (node.machine == &machine) return node.pipe;
    }
    return nullptr;
  }

 private:
  struct Node {
    Machine* machine;
    NodeLink link;
    PipePtr pipe;
    std::uint64_t timer;
    std::uint64_t question;
  };

  static void drop(Node& node) {
    if (!node.pipe) return;
    node.pipe->leader = nullptr;
    node.pipe.reset();
  }

  void tell(Node& node, const node::Event& event) {
    for (const node::Effect& effect : node.link.handle(event, world_.now().boot)) {
      std::visit([&](const auto& one) { carry_out(node, one); }, effect);
    }
  }

  Node* node_of(ProcessIndex p) {
    const Run* run = runner_.past(p).current();
    if (run == nullptr || !run->node) return nullptr;
    for (Node& node : nodes_) {
      if (node.machine->name == *run->node) return &node;
    }
    return nullptr;
  }
  Node* reached(ProcessIndex p) {
    Node* node = node_of(p);
    return node != nullptr && node->pipe && node->link.listens() ? node : nullptr;
  }

  void carry_out(Node& node, const node::StartServer& /*effect*/) {
    drop(node);
    const Microseconds takes = world_.random_.between(kMs, 300 * kMs);
    life_.after(takes, [this, &node] {
      if (node.link.state() != node::State::Starting || node.pipe) return;
      if (!node.machine->powered || !node.machine->reachable) {
        return tell(node, node::Ended{"no route"});
      }
      node.pipe = world_.start_server(*this, *node.machine, lead_);
    });
  }
  void carry_out(Node& node, const node::DropServer& /*effect*/) { drop(node); }
  void carry_out(Node& node, const node::AskEngine& /*effect*/) {
    const std::uint64_t question = ++node.question;
    life_.after(world_.random_.between(0, kSecond), [this, &node, question] {
      if (question != node.question) return;
      const bool away = !node.machine->powered || !node.machine->reachable;
      tell(node, node::EngineSaid{away && world_.random_.chance(60), "the engine says so"});
    });
  }
  void carry_out(Node& node, const node::SendRuns& /*effect*/) {
    std::vector<std::uint64_t> seqs;
    for (ProcessIndex p = 0; p < world_.task_.processes.size(); ++p) {
      const ProcessHistory& past = runner_.past(p);
      seqs.push_back(past.next_seq);
      if (node_of(p) != &node || !past.live()) continue;
      seqs.back() = ~std::uint64_t{0};  // it is told of by itself
      const std::uint32_t run = past.current()->number;
      world_.down(node.pipe, [w = &world_, pipe = node.pipe, p, run, next = past.next_seq](
                                 Machine& machine) { w->adopt(pipe, machine, p, run, next); });
    }
    world_.down(node.pipe, [w = &world_, pipe = node.pipe, seqs](Machine& machine) {
      w->look_beside(pipe, machine, seqs);
      w->up(pipe, [pipe](Leader& leader) { leader.told(pipe, node::Told{}); });
    });
  }
  void carry_out(Node& node, const node::SendClean& /*effect*/) {
    world_.down(node.pipe,
                [w = &world_, pipe = node.pipe](Machine& machine) { w->clean(pipe, machine); });
  }
  void carry_out(Node& node, const node::Arm& effect) {
    const std::uint64_t timer = ++node.timer;
    if (!effect.at) return;
    life_.after(*effect.at - world_.now().boot, [this, &node, timer] {
      if (timer == node.timer) tell(node, node::Timer{});
    });
  }
  void carry_out(Node& node, const node::TellUp& /*effect*/) {
    feed(NodeUp{node.machine->name, {2000, 0}});
  }
  void carry_out(Node& node, const node::TellDown& /*effect*/) {
    feed(NodeDown{node.machine->name});
  }
  void carry_out(Node& node, const node::TellGone& effect) {
    ++world_.outcome_.gone;
    feed(NodeGone{node.machine->name, effect.reason});
  }
  void carry_out(Node& /*node*/, const node::Warn& /*effect*/) {}

  void carry_out(const Effect& effect) {
    world_.say("    < " + text_of(effect, world_.task_));
    if (const auto* start = std::get_if<StartProcess>(&effect)) {
      require(node_of(start->process) != nullptr, "a launch without a place");
      if (Node* node = reached(start->process)) {
        world_.down(node->pipe, [w = &world_, pipe = node->pipe, s = *start](Machine& machine) {
          w->launch(pipe, machine, s.process, s.run, s.seq);
        });
      }
    } else if (const auto* term = std::get_if<Terminate>(&effect)) {
      stop(term->process, term->run);
    } else if (const auto* kill = std::get_if<Kill>(&effect)) {
      stop(kill->process, kill->run);
    } else if (const auto* sweep = std::get_if<Sweep>(&effect)) {
      Node* node = node_of(sweep->process);
      if (node == nullptr || !node->pipe) return;
      world_.down(node->pipe, [w = &world_, pipe = node->pipe, s = *sweep](Machine& machine) {
        machine.places[s.process].tree = false;
        w->up(pipe, [s](Leader& leader) { leader.feed(Swept{s.process, s.run}); });
      });
    } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
      const std::uint64_t id = ++timer_;
      if (!timer->at) return;
      life_.after(*timer->at - world_.now().boot, [this, id] {
        if (id == timer_) feed(TimerDue{});
      });
    } else if (std::holds_alternative<Finish>(effect)) {
      finished_ = true;
    }
  }
  void stop(ProcessIndex p, std::uint32_t run) {
    Node* node = reached(p);
    if (node == nullptr) return;
    world_.down(node->pipe, [w = &world_, p, run](Machine& machine) {
      Place& place = machine.places[p];
      if (place.locked && place.run == run && place.tree) {
        w->end_run(machine, p, ProcessState::Killed);
      } else {
        place.stop_asked = true;
      }
    });
  }

  NodeWorld& world_;
  std::uint64_t lead_;
  History replayed_;
  Runner runner_;
  std::deque<Node> nodes_;
  bool finished_ = false;
  std::uint64_t timer_ = 0;
  Lifetime life_;
};

// ---- the world ---------------------------------------------------------------------------------

NodeWorld::NodeWorld(std::uint64_t seed, const NodeFaults& faults, bool traced)
    : faults_(faults), random_(seed * 37 + 11), traced_(traced) {
  const std::uint32_t nodes = 1 + random_.below(4);
  for (std::uint32_t i = 0; i < nodes; ++i) {
    Machine& machine = machines_.emplace_back();
    machine.name = "n" + std::to_string(i + 1);
    names_.push_back(machine.name);
  }
  make_task(seed);
}

void NodeWorld::make_task(std::uint64_t /*seed*/) {
  task_.name = "t";
  const std::uint32_t count = 2 + random_.below(14);
  for (std::uint32_t i = 0; i < count; ++i) {
    ProcessConfig& process = task_.processes.emplace_back();
    process.name = "p" + std::to_string(i);
    process.cmdline = "true";
    process.min_duration = random_.pick<Microseconds>({0, kSecond});
    fails_.push_back(random_.chance(20) ? random_.below(3) : 0);
    process.max_failures = fails_.back() + 1;
    if (i > 0 && random_.chance(70)) {
      process.needs.entries.emplace_back("p" + std::to_string(random_.below(i)),
                                         Condition::Success);
    }
    if (random_.chance(15)) {
      process.on = names_[random_.below(static_cast<std::uint32_t>(names_.size()))];
    } else if (i > 0 && random_.chance(15)) {
      process.on = "same-as p" + std::to_string(random_.below(i));
    }
    if (random_.chance(30)) process.resources = Resources{random_.pick({0.5, 1.0, 2.0}), 0, 0};
  }
  auto graph = check_task(task_);
  if (!graph) throw std::logic_error(graph.error().message);
  graph_ = std::move(*graph);
}

void NodeWorld::trouble(std::uint32_t count, const std::function<void()>& fault) {
  for (std::uint32_t i = random_.below(2 * count + 1); i > 0; --i) {
    timeline_.after(random_.between(0, kTroubled), fault);
  }
}

void NodeWorld::plan_faults() {
  trouble(faults_.leader_kills, [this] {
    if (leader_) kill_leader(faults_.power && random_.chance(50));
  });
  trouble(faults_.server_kills, [this] {
    if (PipePtr pipe = any_machine().server) {
      say("* a server is killed");
      server_dies(pipe);
    }
  });
  trouble(faults_.pipe_cuts, [this] {
    if (PipePtr pipe = any_machine().server) {
      say("* a pipe is cut");
      cut(pipe);
    }
  });
  trouble(faults_.hangs, [this] {
    if (PipePtr pipe = any_machine().server) {
      pipe->slow_until = timeline_.now() + random_.between(0, 20 * kSecond);
    }
  });
  trouble(faults_.coordinator_kills, [this] {
    Machine& machine = any_machine();
    for (auto& [p, place] : machine.places) {
      if (place.locked && random_.chance(50)) kill_coordinator(machine, p);
    }
  });
  trouble(faults_.outages, [this] {
    Machine& machine = any_machine();
    if (!machine.powered) return;
    lose_power(machine);
    timeline_.after(random_.between(0, 30 * kSecond), [this, &machine] {
      say("* " + machine.name + " is powered again");
      machine.powered = true;
    });
  });
  trouble(faults_.partitions, [this] {
    Machine& machine = any_machine();
    if (!machine.reachable) return;
    say("* " + machine.name + " can't be reached");
    machine.reachable = false;
    if (machine.server) cut(machine.server);
    if (leader_ && random_.chance(30)) {
      timeline_.after(random_.between(0, 5 * kSecond), [this, &machine] {
        if (leader_ && !machine.reachable) leader_->call(machine, true);
      });
    }
    timeline_.after(random_.between(0, 30 * kSecond), [this, &machine] {
      say("* " + machine.name + " can be reached again");
      machine.reachable = true;
      if (leader_ && random_.chance(50)) leader_->call(machine, false);
    });
  });
}

NodeOutcome NodeWorld::live() {
  try {
    plan_faults();
    timeline_.after(0, [this] { boot_leader(); });
    for (std::uint64_t events = 0; !timeline_.empty() && !over_; ++events) {
      require(events < kMostEvents, "the task does not end");
      timeline_.step();
      if (leader_ && leader_->finished()) {
        last_ = leader_->runner().history();
        over_ = true;
        leader_.reset();
      }
    }
    require(over_, "nothing more happens, and the task is not over: a lost wake-up");
    outcome_.success = last_.state() == TaskState::Success;
    require(outcome_.success, "the task did not end as a success");
    for (const ProcessHistory& process : last_.processes()) {
      require(process.totals.success == 1,
              process.name + " has not succeeded exactly once on record");
    }
    for (const auto& [p, times] : succeeded_) {
      const RunTotals& totals = last_.process(*last_.find(task_.processes[p].name)).totals;
      require(times <= 1 + totals.lost,
              task_.processes[p].name + " succeeded more often than its lost runs explain");
      outcome_.repeats += times - 1;
    }
  } catch (const Broken& broken) {
    outcome_.broken = broken.what();
    for (const std::string& line : lines_) *outcome_.broken += "\n  " + line;
  }
  return outcome_;
}

void NodeWorld::say(const std::string& line) {
  if (!traced_) return;
  lines_.push_back("[" + std::to_string(timeline_.now()) + "] " + line);
  if (lines_.size() > kTraceLines) lines_.pop_front();
}

void NodeWorld::boot_leader() {
  auto replay = disk_.recover();
  require(replay.ok(), "the stream does not replay");
  disk_.sync();
  if (is_terminal(replay->history.state())) {
    last_ = std::move(replay->history);
    over_ = true;
    return;
  }
  ++outcome_.leaders;
  say("* leader " + std::to_string(leads_ + 1) + " begins");
  leader_ = std::make_unique<Leader>(*this, std::move(replay->history), ++leads_);
  leader_->begin();
}

void NodeWorld::kill_leader(bool power) {
  say(power ? "* the leader's machine goes down" : "* the leader is killed");
  for (Machine& machine : machines_) {
    if (PipePtr pipe = leader_->pipe_to(machine)) cut(pipe);
  }
  leader_.reset();
  if (power) disk_.lose_tail(false, random_);
  timeline_.after(random_.pick<Microseconds>({0, random_.between(0, 10 * kSecond)}),
                  [this] { boot_leader(); });
}

// ---- pipes and servers -------------------------------------------------------------------------

PipePtr NodeWorld::start_server(Leader& leader, Machine& machine, std::uint64_t lead) {
  auto pipe = std::make_shared<Pipe>();
  pipe->leader = &leader;
  pipe->node = &machine;
  pipe->lead = lead;
  down(pipe, [this, pipe](Machine& /*machine*/) { claim(pipe); });
  return pipe;
}

// Each way in the order in which it was sent.
void NodeWorld::down(const PipePtr& pipe, std::function<void(Machine&)> message) {
  if (!pipe || pipe->cut) return;
  Microseconds at = std::max(pipe->last_down, timeline_.now() + random_.between(0, 5 * kMs));
  at = std::max(at, pipe->slow_until);
  pipe->last_down = at;
  timeline_.after(at - timeline_.now(), [pipe, message = std::move(message)] {
    if (pipe->node != nullptr) message(*pipe->node);
  });
}

void NodeWorld::up(const PipePtr& pipe, std::function<void(Leader&)> message) {
  if (!pipe || pipe->cut) return;
  Microseconds at = std::max(pipe->last_up, timeline_.now() + random_.between(0, 5 * kMs));
  at = std::max(at, pipe->slow_until);
  pipe->last_up = at;
  timeline_.after(at - timeline_.now(), [pipe, message = std::move(message)] {
    if (pipe->leader != nullptr) message(*pipe->leader);
  });
}

// Nothing more gets in. What is on its way is read yet; each end learns of it in its own time.
void NodeWorld::cut(const PipePtr& pipe) {
  pipe->cut = true;
  timeline_.after(random_.between(0, 3 * kSecond), [pipe] {
    if (Leader* leader = std::exchange(pipe->leader, nullptr))
      leader->told(pipe, node::Ended{"the pipe has ended"});
  });
  timeline_.after(random_.between(0, 10 * kSecond), [pipe] {
    if (pipe->node != nullptr && pipe->node->server == pipe) pipe->node->server.reset();
    pipe->node = nullptr;
  });
}

// By value: what the caller names may be the place that is emptied here.
void NodeWorld::server_dies(PipePtr pipe) {  // NOLINT(performance-unnecessary-value-param)
  if (pipe->node != nullptr && pipe->node->server == pipe) pipe->node->server.reset();
  pipe->node = nullptr;
  cut(pipe);
}

void NodeWorld::claim(const PipePtr& pipe) {
  Machine& machine = *pipe->node;
  if (machine.lead > pipe->lead) {
    pipe->node = nullptr;
    return up(pipe, [](Leader& leader) { leader.refused(); });
  }
  // The one before reads nothing more from here on.
  if (machine.server && machine.server != pipe) machine.server->node = nullptr;
  machine.server = pipe;
  machine.lead = pipe->lead;
  up(pipe, [pipe](Leader& leader) { leader.welcomed(pipe); });
}

void NodeWorld::relay(Machine& machine, ProcessIndex p, const ProcessStatus& status) {
  const PipePtr pipe = machine.server;
  if (!pipe || !pipe->reads.contains(p)) return;
  up(pipe, [pipe, p, status](Leader& leader) { leader.record(pipe, p, status); });
}

void NodeWorld::adopt(const PipePtr& pipe, Machine& machine, ProcessIndex p, std::uint32_t run,
                      std::uint64_t next_seq) {
  const Place& place = machine.places[p];
  pipe->reads.insert(p);
  for (const ProcessStatus& status : place.stream) {
    if (status.seq >= next_seq) relay(machine, p, status);
  }
  if (!place.locked) {
    up(pipe, [p, run](Leader& leader) { leader.feed(CoordinatorGone{p, run, false}); });
  }
}

void NodeWorld::look_beside(const PipePtr& pipe, Machine& machine,
                            const std::vector<std::uint64_t>& seqs) {
  for (auto& [p, place] : machine.places) {
    if (place.stream.empty() || place.stream.back().seq < seqs[p]) continue;
    if (seqs[p] != ~std::uint64_t{0}) adopt(pipe, machine, p, place.stream.back().run, seqs[p]);
  }
}

void NodeWorld::clean(const PipePtr& pipe, Machine& machine) {
  for (auto& [p, place] : machine.places) {
    if (place.locked || place.tree) ++outcome_.cleaned;
    ++place.life;
    place.locked = false;
    place.tree = false;
    place.stream.clear();
  }
  up(pipe, [pipe](Leader& leader) { leader.told(pipe, node::Cleaned{}); });
}

void NodeWorld::launch(const PipePtr& pipe, Machine& machine, ProcessIndex p, std::uint32_t run,
                       std::uint64_t seq) {
  Place& place = machine.places[p];
  // The lock is held: by the coordinator of this run, or of the one before, which is waited for.
  if (place.locked && place.run == run) return adopt(pipe, machine, p, run, seq);
  if (place.locked) {
    timeline_.after(10 * kMs, [this, pipe, p, run, seq] {
      if (pipe->node != nullptr) launch(pipe, *pipe->node, p, run, seq);
    });
    return;
  }
  if (!place.stream.empty() && place.stream.back().seq >= seq)
    return adopt(pipe, machine, p, run, seq);
  if (random_.chance(5)) {
    return up(pipe, [p, run](Leader& leader) {
      leader.feed(LaunchFailed{p, run, true, "no pids"});
    });
  }
  pipe->reads.insert(p);
  place.locked = true;
  place.run = run;
  place.next_seq = seq;
  place.stop_asked = false;
  place.coordinator = {++pids_, 1};
  step_of(machine, p, random_.between(0, 20 * kMs), [this, &machine, p](Place& /*place*/) {
    write(machine, p, ProcessState::Forked);
    step_of(machine, p, random_.between(0, 5 * kMs), [this, &machine, p](Place& one) {
      begin_tree(machine, p);
      write(machine, p, ProcessState::Running);
      const bool fails = one.run < fails_[p];
      const Microseconds takes = random_.pick<Microseconds>({0, random_.between(0, 12 * kSecond)});
      step_of(machine, p, one.stop_asked ? 0 : takes, [this, &machine, p, fails](Place& /*last*/) {
        end_run(machine, p, fails ? ProcessState::Failed : ProcessState::Success);
      });
    });
  });
}

// ---- coordinators ------------------------------------------------------------------------------

void NodeWorld::step_of(Machine& machine, ProcessIndex p, Microseconds delay,
                        std::function<void(Place&)> step) {
  const std::uint64_t life = machine.places[p].life;
  timeline_.after(delay, [&machine, p, life, step = std::move(step)] {
    Place& place = machine.places[p];
    if (place.life == life && place.locked) step(place);
  });
}

void NodeWorld::write(Machine& machine, ProcessIndex p, ProcessState state) {
  Place& place = machine.places[p];
  ProcessStatus status;
  status.process = task_.processes[p].name;
  status.seq = place.next_seq++;
  status.run = place.run;
  status.state = state;
  status.at = now();
  if (state == ProcessState::Forked) {
    status.identity = place.coordinator;
    status.boot = machine.boot();
  }
  if (state == ProcessState::Success) status.return_code = 0;
  if (state == ProcessState::Failed) status.return_code = 1;
  place.stream.push_back(status);
  relay(machine, p, status);
}

void NodeWorld::check_start(const Machine& machine, ProcessIndex p, std::uint32_t run) {
  const std::string& name = task_.processes[p].name;
  require(started_.insert({p, run}).second,
          name + ", run " + std::to_string(run) + " starts a second time");
  require(!machine.places.at(p).tree, name + " starts where one of it still runs");
  if (!leader_) return;
  const auto lost = [&](std::uint32_t number) {
    const Run* known = leader_->runner().past(p).run(number);
    return known != nullptr && known->state == ProcessState::Lost &&
           known->origin == Origin::NodeGone;
  };
  // A launch that was on its way to a node when that was called gone.
  if (lost(run)) return;
  for (const Machine& other : machines_) {
    const auto place = other.places.find(p);
    if (&other == &machine || place == other.places.end() || !place->second.tree) continue;
    require(lost(place->second.tree_run), name + " runs on " + other.name +
                                              ", which nobody called gone, and starts on " +
                                              machine.name);
  }
}

void NodeWorld::begin_tree(Machine& machine, ProcessIndex p) {
  Place& place = machine.places[p];
  say("* " + task_.processes[p].name + " run " + std::to_string(place.run) + " starts on " +
      machine.name);
  check_start(machine, p, place.run);
  place.tree = true;
  place.tree_run = place.run;
  ++outcome_.runs;
}

void NodeWorld::end_run(Machine& machine, ProcessIndex p, ProcessState state) {
  Place& place = machine.places[p];
  place.tree = false;
  if (state == ProcessState::Success) ++succeeded_[p];
  write(machine, p, state);
  ++place.life;
  place.locked = false;
}

void NodeWorld::kill_coordinator(Machine& machine, ProcessIndex p) {
  Place& place = machine.places[p];
  say("* the coordinator of " + task_.processes[p].name + " on " + machine.name + " is killed");
  ++place.life;
  place.locked = false;
  // Its server, or the next one, sees that.
  const PipePtr pipe = machine.server;
  if (!pipe || !pipe->reads.contains(p)) return;
  up(pipe, [p, run = place.run](Leader& leader) { leader.feed(CoordinatorGone{p, run, false}); });
}

void NodeWorld::lose_power(Machine& machine) {
  say("* " + machine.name + " goes down");
  machine.powered = false;
  ++machine.boots;
  if (machine.server) server_dies(machine.server);
  for (auto& [p, place] : machine.places) {
    ++place.life;
    place.locked = false;
    place.tree = false;
  }
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
