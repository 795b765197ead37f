#include "node_leader.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "broken.h"
#include "core/runner/node_claim_rule.h"
#include "trace_text.h"

namespace thermos::sim {

NodeLeader::NodeLeader(NodeSurroundings& around, NodeServers& servers,
                       std::deque<NodeMachine>& machines, const LeaderHost& host, History history)
    : around_(around),
      servers_(servers),
      host_(host),
      end_(around.disk.end()),
      lead_(lead_number(history, now().wall)),
      replayed_(history),
      runner_(around.task, around.graph, std::move(history)),
      life_(around.timeline) {
  for (NodeMachine& machine : machines) nodes_.emplace_back().machine = &machine;
}

NodeLeader::~NodeLeader() {
  for (Node& node : nodes_) drop(node);
}

void NodeLeader::begin() {
  Lead lead;
  lead.header.task_id = "t";
  lead.header.launch_time = 1;
  lead.pid = 100;
  lead.boot = host_.boot;
  lead.nodes = around_.names;
  lead.place.lead = lead_;
  std::vector<ProcessIndex> unplaced;
  for (ProcessIndex p = 0; p < around_.task.processes.size(); ++p) {
    const ProcessHistory& past = runner_.past(p);
    if (past.live() && !past.current()->node) unplaced.push_back(p);
  }
  handle(lead);
  // Nothing of them was ever launched, as its own links find.
  for (const ProcessIndex p : unplaced) {
    handle(CoordinatorGone{p, runner_.past(p).current()->number, false});
  }
  for (Node& node : nodes_) {
    tell(node, node::Begin{runner_.history().is_gone(node.machine->name)});
  }
}

void NodeLeader::call(const NodeMachine& machine, bool gone) {
  when_awake([this, &machine, gone] {
    for (Node& node : nodes_) {
      if (node.machine == &machine) tell(node, node::Called{gone, "somebody says so"});
    }
  });
}

NodePipePtr NodeLeader::pipe_to(const NodeMachine& machine) const {
  for (const Node& node : nodes_) {
    if (node.machine == &machine) return node.pipe;
  }
  return nullptr;
}

// ---- time ---------------------------------------------------------------------------------------

Timestamp NodeLeader::now() const {
  const Timestamp now = around_.now();
  return {now.wall + host_.wall_ahead, now.boot + host_.boot_ahead};
}

void NodeLeader::stall(bool in_turn) {
  stalls_in_turn_ = in_turn;
  stalled_ = !in_turn;
}

void NodeLeader::wake() {
  stalls_in_turn_ = false;
  if (missed_.empty()) {
    stalled_ = false;
    return;
  }
  const Timeline::Action action = std::move(missed_.front());
  missed_.pop_front();
  if (!stopped_) action();
  life_.after(around_.random.between(0, kMs), [this] { wake(); });
}

void NodeLeader::when_awake(Timeline::Action action) {
  if (stalled_) {
    missed_.push_back(std::move(action));
  } else if (!stopped_) {
    action();
  }
}

void NodeLeader::after(Microseconds delay, Timeline::Action action) {
  life_.after(delay, [this, action = std::move(action)] { when_awake(action); });
}

// ---- the runner --------------------------------------------------------------------------------

void NodeLeader::feed(const Event& event) {
  when_awake([this, event] { handle(event); });
}

void NodeLeader::handle(const Event& event) {
  if (finished_ || stopped_) return;
  around_.say("> " + text_of(event, around_.task));
  auto effects = runner_.handle(event, now());
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
    around_.say("    < " + text_of(effect, around_.task));
    auto written = around_.disk.append(append->record, end_);
    if (!written && written.error().code == ErrorCode::Busy) {
      return stop("its record is written by another");
    }
    require(written.ok(), "a record can't be written");
    const auto applied = replayed_.apply(*written);
    require(applied.ok(),
            applied.ok() ? "" : "replay refuses what was written: " + applied.error().message);
    durable = durable || append->durable;
  }
  if (durable) around_.disk.sync();
  around_.disk.act();
  require(replayed_ == runner_.history(), "the stream is not what the runner knows");
  if (std::exchange(stalls_in_turn_, false)) stalled_ = true;
  if (stalled_) {
    missed_.emplace_back([this, pending = std::move(pending)] {
      for (const Effect& effect : pending) carry_out(effect);
    });
    return;
  }
  for (const Effect& effect : pending) carry_out(effect);
}

void NodeLeader::stop(const char* why) {
  around_.say(std::string("* a leader stops: ") + why);
  stopped_ = true;
}

void NodeLeader::carry_out(const Effect& effect) {
  around_.say("    < " + text_of(effect, around_.task));
  if (const auto* start = std::get_if<StartProcess>(&effect)) {
    this->start(*start);
  } else if (const auto* term = std::get_if<Terminate>(&effect)) {
    end_run(term->process, term->run);
  } else if (const auto* kill = std::get_if<Kill>(&effect)) {
    end_run(kill->process, kill->run);
  } else if (const auto* sweep = std::get_if<Sweep>(&effect)) {
    if (Node* node = node_of(sweep->process)) servers_.sweep(node->pipe, *sweep);
  } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
    const std::uint64_t id = ++timer_;
    if (!timer->at) return;
    after(*timer->at - now().boot, [this, id] {
      if (id == timer_) handle(TimerDue{});
    });
  } else if (std::holds_alternative<Finish>(effect)) {
    finished_ = true;
  }
}

void NodeLeader::start(const StartProcess& start) {
  require(node_of(start.process) != nullptr, "a launch without a place");
  Node* node = reached(start.process);
  if (node == nullptr) return;
  const std::vector<std::string>& needed = around_.task.processes[start.process].needs_files;
  if (needed.empty()) return servers_.launch(node->pipe, start);
  node->starts.insert_or_assign(start.process, start);
  node->files->carry({start.process, start.run, needed, false});
}

void NodeLeader::carried(Node& node, const carry::Over& over) {
  const auto found = node.starts.find(over.cargo.process);
  if (found == node.starts.end()) return;
  const StartProcess start = found->second;
  node.starts.erase(found);
  const Run* run = runner_.past(start.process).current();
  if (run == nullptr || run->number != start.run || run->state != ProcessState::Waiting) return;
  if (!over.failure) return servers_.launch(node.pipe, start);
  handle(LaunchFailed{start.process, start.run, over.failure->retry, over.failure->reason});
}

void NodeLeader::end_run(ProcessIndex p, std::uint32_t run) {
  Node* node = reached(p);
  if (node == nullptr) return;
  if (!node->files->forget(p, run)) return servers_.stop(node->pipe, p, run);
  node->starts.erase(p);
  after(0, [this, p, run] { handle(LaunchCancelled{p, run}); });
}

NodeLeader::Node* NodeLeader::node_of(ProcessIndex p) {
  const Run* run = runner_.past(p).current();
  if (run == nullptr || !run->node) return nullptr;
  for (Node& node : nodes_) {
    if (node.machine->name == *run->node) return &node;
  }
  return nullptr;
}

NodeLeader::Node* NodeLeader::reached(ProcessIndex p) {
  Node* node = node_of(p);
  return node != nullptr && node->pipe && node->link.listens() ? node : nullptr;
}

// ---- what the servers say ----------------------------------------------------------------------

void NodeLeader::refused() {
  when_awake([this] { stop("it is superseded"); });
}

void NodeLeader::told(const NodePipePtr& pipe, const node::Event& event) {
  when_awake([this, pipe, event] {
    for (Node& node : nodes_) {
      if (node.pipe == pipe) return tell(node, event);
    }
  });
}

void NodeLeader::record(const NodePipePtr& pipe, ProcessIndex p, const ProcessStatus& status) {
  // So long ago as it was for the node when it told of it.
  when_awake([this, pipe, p, status, told = around_.now()] {
    for (const Node& node : nodes_) {
      if (node.pipe != pipe) continue;
      ProcessStatus here = status;
      here.at = later(now(), status.at.boot - told.boot);
      return handle(CoordinatorRecord{p, here, node.machine->name});
    }
  });
}

void NodeLeader::file(const NodePipePtr& pipe, const nodes::FileMessage& message) {
  when_awake([this, pipe, message] {
    for (const Node& node : nodes_) {
      if (node.pipe == pipe) return node.files->take(message);
    }
  });
}

std::unique_ptr<NodeCarrier> NodeLeader::carrier(Node& node) {
  NodeCarrier::Hooks hooks;
  hooks.say = [this, &node](const nodes::FileMessage& message) {
    servers_.send(node.pipe, message);
  };
  hooks.over = [this, &node](const carry::Over& over) { carried(node, over); };
  hooks.may_place = [this] {
    if (!is_current()) stop("its record is written by another");
    return !stopped_;
  };
  hooks.after = [this](Microseconds delay, Timeline::Action action) {
    after(delay, std::move(action));
  };
  return std::make_unique<NodeCarrier>(around_, around_.sandbox, std::move(hooks));
}

// ---- the links ---------------------------------------------------------------------------------

void NodeLeader::drop(Node& node) {
  if (!node.pipe) return;
  node.files.reset();
  node.starts.clear();
  node.pipe->leader = nullptr;
  node.pipe.reset();
}

void NodeLeader::tell(Node& node, const node::Event& event) {
  if (stopped_) return;
  for (const node::Effect& effect : node.link.handle(event, now().boot)) {
    std::visit([&](const auto& one) { carry_out(node, one); }, effect);
  }
}

void NodeLeader::carry_out(Node& node, const node::StartServer& /*effect*/) {
  drop(node);
  const Microseconds takes = around_.random.between(kMs, 300 * kMs);
  after(takes, [this, &node] {
    if (node.link.state() != node::State::Starting || node.pipe) return;
    if (!node.machine->powered || !node.machine->reachable) {
      return tell(node, node::Ended{"no route"});
    }
    node.pipe = servers_.start(*this, *node.machine, lead_);
    node.files = carrier(node);
  });
}

void NodeLeader::carry_out(Node& node, const node::DropServer& /*effect*/) {
  drop(node);
}

void NodeLeader::carry_out(Node& node, const node::AskEngine& /*effect*/) {
  const std::uint64_t question = ++node.question;
  after(around_.random.between(0, kSecond), [this, &node, question] {
    if (question != node.question) return;
    const bool away = !node.machine->powered || !node.machine->reachable;
    tell(node, node::EngineSaid{away && around_.random.chance(60), "the engine says so"});
  });
}

void NodeLeader::carry_out(Node& node, const node::SendRuns& /*effect*/) {
  std::vector<std::uint64_t> seqs;
  for (ProcessIndex p = 0; p < around_.task.processes.size(); ++p) {
    const ProcessHistory& past = runner_.past(p);
    seqs.push_back(past.next_seq);
    if (node_of(p) != &node || !past.live()) continue;
    seqs.back() = ~std::uint64_t{0};  // it is told of by itself
    servers_.adopt(node.pipe, p, past.current()->number, past.next_seq);
  }
  servers_.look_beside(node.pipe, std::move(seqs));
}

void NodeLeader::carry_out(Node& node, const node::SendClean& /*effect*/) {
  servers_.clean(node.pipe);
}

void NodeLeader::carry_out(Node& node, const node::Arm& effect) {
  const std::uint64_t timer = ++node.timer;
  if (!effect.at) return;
  after(*effect.at - now().boot, [this, &node, timer] {
    if (timer == node.timer) tell(node, node::Timer{});
  });
}

void NodeLeader::carry_out(Node& node, const node::TellUp& /*effect*/) {
  handle(NodeUp{node.machine->name, {2000, 0}});
}

void NodeLeader::carry_out(Node& node, const node::TellDown& /*effect*/) {
  handle(NodeDown{node.machine->name});
}

void NodeLeader::carry_out(Node& node, const node::TellGone& effect) {
  ++around_.outcome.gone;
  handle(NodeGone{node.machine->name, effect.reason});
}

void NodeLeader::carry_out(Node& /*node*/, const node::Warn& /*effect*/) {}

}  // namespace thermos::sim
