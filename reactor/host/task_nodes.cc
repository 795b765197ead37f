#include "reactor/host/task_nodes.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <spdlog/spdlog.h>

#include "capnp/codec.h"
#include "core/base/text.h"
#include "core/config/load.h"
#include "core/config/to_json.h"
#include "reactor/host/shell_child.h"
#include "reactor/os/task_user.h"

namespace thermos {
namespace {

// How long the end of a task waits until a node's coordinators, which have written their last
// records, have exited. A node that does not answer must not hold up clients that wait for the
// task.
constexpr Microseconds kLastWordPatience = 5 * kSecond;
constexpr std::size_t kMostOfServerLine = 1000;
// Only the command's exit status matters, so it gets no input and its output is dropped.
const std::string kSilently = "exec </dev/null >/dev/null 2>&1; ";

// Converts a node's timestamp to our clocks: the moment lies as far in the past as it did for the
// node when it sent the message. The node's boot clock gives that age, or its wall clock if the
// node has restarted since.
Timestamp here(Timestamp at, Timestamp node_now, Timestamp now) {
  Microseconds age = node_now.boot - at.boot;
  if (age < 0) age = std::max<Microseconds>(0, node_now.wall - at.wall);
  return later(now, -age);
}

bool contains(const std::vector<std::string>& paths, const std::string& path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

}  // namespace

TaskNodes::TaskNodes(Reactor& reactor, const TaskSetup& setup, NodeStarter starter,
                     std::uint64_t lead, LinkedTask& task, std::function<bool()> leads)
    : reactor_(reactor),
      setup_(setup),
      starter_(std::move(starter)),
      lead_(lead),
      task_(task),
      leads_(std::move(leads)),
      configuration_(config::to_json(*setup.task, -1)),
      carries_(carries_files(*setup.task)) {
  for (const std::string& name : starter_.names) {
    nodes_.push_back(std::make_unique<Node>());
    nodes_.back()->name = name;
  }
}

// Adds nodes that the task no longer has, but on which runs are live. These runs have to be taken
// over, or to become LOST, as on any other node. No new run starts there.
void TaskNodes::add_former_nodes(const History& history) {
  for (const ProcessHistory& process : history.processes()) {
    if (!process.live() || !process.current()->node) continue;
    const std::string& name = *process.current()->node;
    const bool known = std::any_of(nodes_.begin(), nodes_.end(),
                                   [&name](const auto& node) { return node->name == name; });
    if (known) continue;
    nodes_.push_back(std::make_unique<Node>());
    nodes_.back()->name = name;
    nodes_.back()->former = true;
  }
}

TaskNodes::~TaskNodes() {
  if (patience_) reactor_.deadlines().cancel(*patience_);
  for (const auto& node : nodes_) drop(*node);
}

void TaskNodes::begin(const History& history) {
  add_former_nodes(history);
  for (const auto& node : nodes_) tell(*node, node::Begin{history.is_gone(node->name)});
}

TaskNodes::Node* TaskNodes::node_of(ProcessIndex p) {
  const Run* run = task_.past(p).current();
  if (run == nullptr || !run->node) return nullptr;
  const auto found = std::find_if(nodes_.begin(), nodes_.end(),
                                  [run](const auto& node) { return node->name == *run->node; });
  return found == nodes_.end() ? nullptr : found->get();
}

// ---- what the runner wants ---------------------------------------------------------------------

bool TaskNodes::reached(const Node& node) {
  return node.server && node.link.listens();
}

void TaskNodes::send(Node& node, const nodes::ToNode& message) {
  if (!node.server || !node.server->pipe) return;
  node.server->pipe->send([&](std::uint32_t& chain, std::vector<std::byte>& out) {
    return nodes::append_frame(message, chain, out);
  });
}

bool TaskNodes::has_run(ProcessIndex p) const {
  const Run* run = task_.past(p).current();
  return run != nullptr && run->node;
}

bool TaskNodes::carry_out(const Effect& effect) {
  if (const auto* start = std::get_if<StartProcess>(&effect)) {
    if (!has_run(start->process)) return false;
    this->start(*start);
  } else if (const auto* terminate = std::get_if<Terminate>(&effect)) {
    if (!has_run(terminate->process)) return false;
    stop(terminate->process, terminate->run, false, terminate->signal);
  } else if (const auto* kill = std::get_if<Kill>(&effect)) {
    if (!has_run(kill->process)) return false;
    stop(kill->process, kill->run, true, 0);
  } else if (const auto* sweep = std::get_if<Sweep>(&effect)) {
    if (!has_run(sweep->process)) return false;
    this->sweep(*sweep);
  } else if (const auto* look = std::get_if<Look>(&effect)) {
    if (!has_run(look->process)) return false;
    this->look(*look);
  } else if (const auto* probe = std::get_if<Probe>(&effect)) {
    if (!has_run(probe->process)) return false;
    ask(*probe);
  } else {
    return false;
  }
  return true;
}

void TaskNodes::start(const StartProcess& start) {
  Node* node = node_of(start.process);
  if (node == nullptr || !reached(*node)) return;
  const std::vector<std::string>& needed = setup_.task->processes[start.process].needs_files;
  if (needed.empty()) {
    send(*node, nodes::Start{known_run(start.process), start.seq, start.goal});
    return;
  }
  node->starts.insert_or_assign(start.process, start);
  node->server->files->carry({start.process, start.run, needed, false});
}

void TaskNodes::carried(Node& node, const carry::Over& over) {
  const auto found = node.starts.find(over.cargo.process);
  if (found == node.starts.end()) return;
  const StartProcess start = found->second;
  node.starts.erase(found);
  const Run* run = task_.past(start.process).current();
  if (run == nullptr || run->number != start.run || run->state != ProcessState::Waiting) return;
  if (over.failure) {
    const std::string why =
        "a file that it needs can't be brought to node " + node.name + ": " + over.failure->reason;
    // The same failure may repeat at each try for a long time (a full disk), so it is logged once.
    if (over.failure->retry && node.last_short != why) {
      spdlog::warn("task {}, process {}: {}; it is tried again", setup_.header.task_id,
                   setup_.task->processes[start.process].name, why);
      node.last_short = why;
    }
    tell_runner(LaunchFailed{start.process, start.run, over.failure->retry, why});
    return;
  }
  node.last_short.clear();
  send(node, nodes::Start{known_run(start.process), start.seq, start.goal});
  node.server->pipe->flush();
}

void TaskNodes::stop(ProcessIndex p, std::uint32_t run, bool hard, std::uint8_t signal) {
  Node* node = node_of(p);
  if (node == nullptr || !reached(*node)) return;
  if (node->server->files && node->server->files->forget(p, run)) {
    node->starts.erase(p);
    tell_runner(LaunchCancelled{p, run});
    return;
  }
  send(*node, nodes::Stop{p, run, hard, signal});
}

void TaskNodes::sweep(const Sweep& sweep) {
  Node* node = node_of(sweep.process);
  if (node != nullptr && node->server) send(*node, sweep);
}

void TaskNodes::look(const Look& look) {
  Node* node = node_of(look.process);
  if (node != nullptr && reached(*node)) send(*node, look);
}

void TaskNodes::ask(const Probe& probe) {
  Node* node = node_of(probe.process);
  if (node != nullptr && reached(*node)) {
    node->probes.push_back(probe);
    send(*node, probe);
  } else {
    answer(probe);
  }
}

// Answers a probe for a node that can't be reached; the runner probes again later. A health probe
// is answered with "healthy", because an unreachable node is no reason to end the run.
void TaskNodes::answer(const Probe& probe) {
  tell_runner(ProbeAnswered{probe.process, probe.run, probe.purpose == Purpose::Healthy,
                            "its node can't be reached", probe.purpose});
}

// Answers all open probes. Without an answer, the runner would send no more probes.
void TaskNodes::answer_probes(Node& node) {
  for (const Probe& probe : std::exchange(node.probes, {})) answer(probe);
}

nodes::KnownRun TaskNodes::known_run(ProcessIndex p) const {
  nodes::KnownRun known{p, {}};
  const Status whole = give_current_run(task_.past(p), [&known](const Record& record) -> Status {
    known.records.push_back(nodes::payload_of(record));
    return Done{};
  });
  static_cast<void>(whole.ok());  // the callback never fails
  return known;
}

Status TaskNodes::call(const std::string& name, bool gone, const std::string& reason) {
  for (const auto& node : nodes_) {
    if (node->name != name) continue;
    tell(*node, node::Called{gone, reason});
    return Done{};
  }
  std::string all;
  for (const auto& node : nodes_) all += (all.empty() ? "" : ", ") + node->name;
  return Error{ErrorCode::NotFound, "task " + setup_.header.task_id + " has no node " +
                                        quoted(name) + "; it has " + all};
}

// ---- the end -----------------------------------------------------------------------------------

void TaskNodes::finish() {
  if (std::exchange(finishing_, true)) return;
  for (const auto& node : nodes_) {
    if (reached(*node)) {
      node->finishing = true;
      send(*node, nodes::Finish{});
    } else {
      over(*node);
    }
  }
  if (quiet()) return;
  patience_ = reactor_.deadlines().add(reactor_.loop().now().boot + kLastWordPatience, [this] {
    patience_.reset();
    for (const auto& node : nodes_) {
      if (!node->finishing) continue;
      spdlog::warn("task {}: node {} does not say that it has ended", setup_.header.task_id,
                   node->name);
      over(*node);
    }
    task_.coordinator_left();
  });
}

void TaskNodes::over(Node& node) {
  node.finishing = false;
  drop(node);
}

bool TaskNodes::quiet() const {
  return std::none_of(nodes_.begin(), nodes_.end(),
                      [](const auto& node) { return node->finishing; });
}

void TaskNodes::flush() {
  for (const auto& node : nodes_) {
    if (node->server && node->server->pipe) node->server->pipe->flush();
  }
}

// ---- the link's effects ------------------------------------------------------------------------

void TaskNodes::tell(Node& node, const node::Event& event) {
  if (task_.stopped()) return;
  for (const node::Effect& effect : node.link.handle(event, reactor_.loop().now().boot)) {
    if (task_.stopped()) return;
    std::visit([&](const auto& one) { carry_out(node, one); }, effect);
  }
}

// Tells the link in the next turn, because it is still handling an event in this one.
void TaskNodes::fail_to_start(Node& node, const std::string& why) {
  node.timer = reactor_.deadlines().add(reactor_.loop().now().boot, [this, &node, why] {
    node.timer.reset();
    tell(node, node::Ended{why});
  });
}

void TaskNodes::carry_out(Node& node, const node::StartServer& /*effect*/) {
  drop(node);
  node.last_said.clear();
  TaskUser user;
  if (carries_) {
    if (auto error = find_task_user(setup_.header.user, user, setup_.header.uid)) {
      return fail_to_start(node, error->reason);
    }
  }
  auto started = start_shell(command_for(starter_.start, node.name));
  if (!started) return fail_to_start(node, started.error().message);
  node.server = std::make_unique<Server>();
  Server& server = *node.server;
  server.pid = started->pid;
  // The exit status is ignored: the pipe reports the server's end.
  reactor_.children().watch(server.pid, [](int /*status*/) {});
  server.pipe = std::make_unique<FramePipe>(
      reactor_.loop(), std::move(started->out), std::move(started->in),
      FramePipe::Hooks{[this, &node](Bytes payload) { return take(node, payload); },
                       [this, &node](const std::string& why) { server_ended(node, why); },
                       [this, &node](std::string_view line) {
                         spdlog::info("task {}, node {}: {}", setup_.header.task_id, node.name,
                                      line);
                       },
                       [&server] {
                         if (server.files) server.files->room();
                       }});
  if (carries_) server.files = carrier(node, user);
  server.err = std::move(started->err);
  ::fcntl(server.err.get(), F_SETFL, O_NONBLOCK);
  server.err_poll = std::make_unique<Poll>(reactor_.loop(), server.err.get(),
                                           [this, &node](int) { hear_errors(node); });
  greet(node);
}

void TaskNodes::greet(Node& node) {
  nodes::Hello hello;
  hello.lead = lead_;
  hello.node = node.name;
  hello.root = setup_.paths.root();
  hello.header = nodes::payload_of(setup_.header);
  hello.configuration_bytes = configuration_.size();
  send(node, hello);
  for (std::size_t at = 0; at < configuration_.size(); at += nodes::kConfigurationPart) {
    send(node, nodes::Configuration{configuration_.substr(at, nodes::kConfigurationPart)});
  }
  node.server->pipe->flush();
}

std::unique_ptr<FileCarrier> TaskNodes::carrier(Node& node, const FileOwner& user) {
  FileCarrier::Hooks hooks;
  hooks.say = [this, &node](nodes::FileMessage message) {
    std::visit([&](auto& one) { send(node, std::move(one)); }, message);
    node.server->pipe->flush();
  };
  hooks.unsent = [&node] {
    // If bytes are left, the pipe is full, and reports when it has room.
    node.server->pipe->flush();
    return node.server->pipe->unsent();
  };
  hooks.expects = [this](ProcessIndex p, const std::string& path) {
    return p < setup_.task->processes.size() &&
           contains(setup_.task->processes[p].makes_files, path);
  };
  // A host that no longer leads the task may have the file of an older run.
  hooks.may_place = [this] { return leads_(); };
  hooks.over = [this, &node](const carry::Over& over) { carried(node, over); };
  // Called only for cargo that insists (carry::Cargo), and none is sent from here.
  hooks.rests = [](const std::string& /*why*/) {};
  return std::make_unique<FileCarrier>(reactor_.loop(), reactor_.deadlines(), disk_of(node, user),
                                       std::move(hooks));
}

SandboxDisk TaskNodes::disk_of(const Node& node, const FileOwner& user) const {
  return {setup_.header.sandbox, user, setup_.header.task_id + "/" + node.name};
}

// Removes temporary files of an earlier leader, which may have been killed while it received files
// from these runs.
void TaskNodes::remove_leftovers(const Node& node) {
  TaskUser user;
  if (!carries_ || find_task_user(setup_.header.user, user, setup_.header.uid)) return;
  const SandboxDisk disk = disk_of(node, user);
  const FileTarget target(disk);
  for (ProcessIndex p = 0; p < setup_.task->processes.size(); ++p) {
    if (node_of(p) != &node || !task_.past(p).live()) continue;
    for (const std::string& path : setup_.task->processes[p].makes_files) {
      target.remove_leftover(path);
    }
  }
}

// Destroying the server closes its standard input, which makes it end.
void TaskNodes::drop(Node& node) {
  if (node.timer) reactor_.deadlines().cancel(*node.timer);
  node.timer.reset();
  node.server.reset();
  node.starts.clear();
}

void TaskNodes::carry_out(Node& node, const node::DropServer& /*effect*/) {
  drop(node);
  answer_probes(node);
}

void TaskNodes::carry_out(Node& node, const node::AskEngine& /*effect*/) {
  const std::uint64_t question = ++questions_;
  node.asked = question;
  const auto answer = [this, &node, question, here = std::weak_ptr<bool>(alive_)](bool gone) {
    if (here.expired() || node.asked != question) return;
    tell(node, node::EngineSaid{gone, gone ? "its engine says so" : ""});
  };
  auto asked = starter_.gone.empty()
                   ? Result<ShellChild>(Error{ErrorCode::NotFound, ""})
                   : start_shell(kSilently + command_for(starter_.gone, node.name));
  if (!asked) {
    node.timer = reactor_.deadlines().add(reactor_.loop().now().boot, [&node, answer] {
      node.timer.reset();
      answer(false);
    });
    return;
  }
  reactor_.children().watch(
      asked->pid, [answer](int status) { answer(WIFEXITED(status) && WEXITSTATUS(status) == 0); });
}

void TaskNodes::carry_out(Node& node, const node::SendRuns& /*effect*/) {
  remove_leftovers(node);
  const std::size_t count = setup_.task->processes.size();
  nodes::Seqs seqs;
  for (ProcessIndex p = 0; p < count; ++p) {
    if (node_of(p) == &node && task_.past(p).live()) send(node, known_run(p));
    seqs.next.push_back(task_.past(p).next_seq);
    if (seqs.next.size() == nodes::kSeqsAtOnce || p + 1 == count) {
      send(node, seqs);
      seqs.first = p + 1;
      seqs.next.clear();
    }
  }
  send(node, nodes::Listed{});
  flush();
}

void TaskNodes::carry_out(Node& node, const node::SendClean& /*effect*/) {
  send(node, nodes::Clean{});
  flush();
}

void TaskNodes::carry_out(Node& node, const node::Arm& effect) {
  if (node.timer) reactor_.deadlines().cancel(*node.timer);
  node.timer.reset();
  if (!effect.at) return;
  node.timer = reactor_.deadlines().add(*effect.at, [this, &node] {
    node.timer.reset();
    if (!finishing_) tell(node, node::Timer{});
  });
}

void TaskNodes::carry_out(Node& node, const node::TellUp& /*effect*/) {
  spdlog::info("task {}: node {} is up", setup_.header.task_id, node.name);
  tell_runner(NodeUp{node.name, node.former ? Room{} : node.room});
}

void TaskNodes::carry_out(Node& node, const node::TellDown& /*effect*/) {
  tell_runner(NodeDown{node.name});
}

void TaskNodes::carry_out(Node& node, const node::TellGone& effect) {
  remove_leftovers(node);
  tell_runner(NodeGone{node.name, effect.reason});
}

void TaskNodes::carry_out(Node& node, const node::Warn& effect) {
  spdlog::warn("task {}: node {} can't be reached: {}; what runs there goes on",
               setup_.header.task_id, node.name, effect.reason);
}

// ---- what the servers say ----------------------------------------------------------------------

void TaskNodes::hear_errors(Node& node) {
  Server& server = *node.server;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t size = ::read(server.err.get(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;
    if (size == 0) {
      server.err_poll.reset();
      return;
    }
    server.err_text.append(part.data(), static_cast<std::size_t>(size));
    for (;;) {
      const std::size_t newline = server.err_text.find('\n');
      if (newline == std::string::npos && server.err_text.size() < kMostOfServerLine) break;
      const std::string line = server.err_text.substr(0, std::min(newline, kMostOfServerLine));
      server.err_text.erase(0, newline == std::string::npos ? kMostOfServerLine : newline + 1);
      if (line.empty()) continue;
      node.last_said = line;
      spdlog::warn("task {}, node {}: {}", setup_.header.task_id, node.name, line);
    }
  }
}

void TaskNodes::server_ended(Node& node, const std::string& why) {
  if (node.server && node.server->err_poll) hear_errors(node);
  const std::string reason = node.last_said.empty() ? why : node.last_said;
  const bool finishing = node.finishing;
  node.finishing = false;
  drop(node);
  if (finishing_) {
    if (finishing) task_.coordinator_left();
    return;
  }
  answer_probes(node);
  tell(node, node::Ended{reason});
}

Status TaskNodes::take(Node& node, Bytes payload) {
  auto said = nodes::decode_from_node(payload);
  if (!said) return said.error();
  if (auto file = nodes::file_message(said->what)) {
    if (node.server->files) return node.server->files->take(std::move(*file));
    return Error{ErrorCode::Corrupt, "a file, and the task carries none"};
  }
  return take(node, *said);
}

Status TaskNodes::take(Node& node, const nodes::Said& said) {
  const auto known = [this](ProcessIndex p) {
    return p < setup_.task->processes.size()
               ? Status(Done{})
               : Status(Error{ErrorCode::Corrupt, "it tells of a process that the task has not"});
  };
  if (const auto* welcome = std::get_if<nodes::Welcome>(&said.what)) {
    node.room = welcome->room;
    tell(node, node::Welcomed{});
  } else if (const auto* refused = std::get_if<nodes::Refused>(&said.what)) {
    if (!refused->superseded) return Error{ErrorCode::System, refused->reason};
    task_.stop({ErrorCode::Busy, "node " + node.name + ": " + refused->reason});
  } else if (const auto* record = std::get_if<nodes::NodeRecord>(&said.what)) {
    return take_record(node, *record, said.now);
  } else if (const auto* gone = std::get_if<CoordinatorGone>(&said.what)) {
    if (auto good = known(gone->process); !good) return good;
    tell_runner(*gone);
  } else if (const auto* swept = std::get_if<Swept>(&said.what)) {
    if (auto good = known(swept->process); !good) return good;
    tell_runner(*swept);
  } else if (const auto* failed = std::get_if<LaunchFailed>(&said.what)) {
    if (auto good = known(failed->process); !good) return good;
    tell_runner(*failed);
  } else if (const auto* cancelled = std::get_if<LaunchCancelled>(&said.what)) {
    if (auto good = known(cancelled->process); !good) return good;
    tell_runner(*cancelled);
  } else if (const auto* probed = std::get_if<ProbeAnswered>(&said.what)) {
    if (auto good = known(probed->process); !good) return good;
    std::erase_if(node.probes, [probed](const Probe& probe) {
      return probe.process == probed->process && probe.purpose == probed->purpose;
    });
    tell_runner(*probed);
  } else if (const auto* shortage = std::get_if<ShortageChanged>(&said.what)) {
    ShortageChanged change = *shortage;
    if (!change.reason.empty()) change.reason = "node " + node.name + ": " + change.reason;
    tell_runner(change);
  } else if (std::holds_alternative<nodes::Told>(said.what)) {
    tell(node, node::Told{});
  } else if (std::holds_alternative<nodes::Cleaned>(said.what)) {
    tell(node, node::Cleaned{});
  } else if (std::holds_alternative<nodes::Quiet>(said.what)) {
    over(node);
    if (finishing_) task_.coordinator_left();
  } else if (const auto* stopped = std::get_if<nodes::Stopped>(&said.what)) {
    task_.stop({ErrorCode::System, "node " + node.name + ": " + stopped->reason});
  }
  return Done{};
}

Status TaskNodes::take_record(const Node& node, const nodes::NodeRecord& record,
                              Timestamp node_now) {
  if (record.process >= setup_.task->processes.size()) {
    return Error{ErrorCode::Corrupt, "it tells of a process that the task has not"};
  }
  auto decoded = decode(record.record);
  if (!decoded) return decoded.error();
  const Timestamp now = reactor_.loop().now();
  if (auto* status = std::get_if<ProcessStatus>(&*decoded)) {
    status->at = here(status->at, node_now, now);
    tell_runner(CoordinatorRecord{record.process, *status, node.name});
  } else if (auto* report = std::get_if<ProcessReport>(&*decoded)) {
    report->at = here(report->at, node_now, now);
    if (report->until != 0) report->until += now.boot - node_now.boot;
    tell_runner(CoordinatorReport{record.process, *report});
  }
  return Done{};
}

void TaskNodes::tell_runner(const Event& event) {
  if (task_.stopped()) return;
  if (auto handled = task_.handle(event); !handled) task_.stop(handled.error());
}

}  // namespace thermos
