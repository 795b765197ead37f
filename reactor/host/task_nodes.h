// The nodes of one task, as its leader has them. Carries out the effects of each node's NodeLink
// (core/runner/node_link.h): starts the node's server by its launcher, speaks to it, and gives the
// runner what it tells. It decides nothing: the link and the runner do.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "capnp/nodes.h"
#include "core/runner/node_link.h"
#include "core/runner/runner.h"
#include "reactor/host/coordinator_links.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_setup.h"
#include "reactor/loop/deadlines.h"
#include "reactor/node/file_carrier.h"
#include "reactor/node/frame_pipe.h"
#include "reactor/node/node_starter.h"
#include "reactor/node/sandbox_disk.h"

namespace thermos {

class TaskNodes {
 public:
  // `lead` rises with each leader of the task; `leads` looks whether this host is still the last of
  // them. All references outlive this.
  TaskNodes(Reactor& reactor, const TaskSetup& setup, NodeStarter starter, std::uint64_t lead,
            LinkedTask& task, std::function<bool()> leads);
  ~TaskNodes();
  TaskNodes(const TaskNodes&) = delete;
  TaskNodes& operator=(const TaskNodes&) = delete;

  // The runner leads: starts the servers of all nodes.
  void begin(const History& history);

  // Whether the last run of the process is placed on a node.
  bool has_run(ProcessIndex p) const;
  // Carries out what the runner wants of such a run; returns false for everything else. Without a
  // server to tell it to, nothing happens now: what was not carried out is found when there is one
  // again.
  bool carry_out(const Effect& effect);

  // A person says that a node is gone, or there again. Fails with NotFound if the task has no such
  // node.
  Status call(const std::string& node, bool gone, const std::string& reason);

  // The task is over: the servers end, once their coordinators have.
  void finish();
  // Whether no coordinator is left on any node, as far as can be told. After finish().
  bool quiet() const;
  // At the end of a turn: sends what there is to be sent.
  void flush();

 private:
  // A server under way, and what became of it if it is not the node's any more.
  struct Server {
    pid_t pid = 0;
    std::unique_ptr<FramePipe> pipe;
    std::unique_ptr<FileCarrier> files;  // nothing: the task carries none
    Descriptor err;
    std::unique_ptr<Poll> err_poll;
    std::string err_text;  // the beginning of a line
  };
  struct Node {
    std::string name;
    NodeLink link;
    Room room;
    std::unique_ptr<Server> server;
    std::string last_said;   // on its standard error
    std::string last_short;  // why files can't be brought there for now
    std::optional<Deadlines::Key> timer;
    std::uint64_t asked = 0;    // the question to the engine that is under way
    std::vector<Probe> probes;  // that are not answered
    // Launches that wait until the files are there.
    std::unordered_map<ProcessIndex, StartProcess> starts;
    bool finishing = false;
    bool former = false;  // it is not among the nodes given now
  };

  void add_former_nodes(const History& history);
  void start(const StartProcess& start);
  void stop(ProcessIndex p, std::uint32_t run, bool hard, std::uint8_t signal);
  void sweep(const Sweep& sweep);
  void look(const Look& look);
  void ask(const Probe& probe);
  Node* node_of(ProcessIndex p);
  void tell(Node& node, const node::Event& event);
  void carry_out(Node& node, const node::StartServer& effect);
  void carry_out(Node& node, const node::DropServer& effect);
  void carry_out(Node& node, const node::AskEngine& effect);
  void carry_out(Node& node, const node::SendRuns& effect);
  void carry_out(Node& node, const node::SendClean& effect);
  void carry_out(Node& node, const node::Arm& effect);
  void carry_out(Node& node, const node::TellUp& effect);
  void carry_out(Node& node, const node::TellDown& effect);
  void carry_out(Node& node, const node::TellGone& effect);
  void carry_out(Node& node, const node::Warn& effect);

  void send(Node& node, const nodes::ToNode& message);
  void greet(Node& node);
  nodes::KnownRun known_run(ProcessIndex p) const;
  void fail_to_start(Node& node, const std::string& why);
  std::unique_ptr<FileCarrier> carrier(Node& node, const FileOwner& user);
  SandboxDisk disk_of(const Node& node, const FileOwner& user) const;
  void remove_leftovers(const Node& node);
  void carried(Node& node, const carry::Over& over);
  void drop(Node& node);
  void answer(const Probe& probe);
  void answer_probes(Node& node);
  void server_ended(Node& node, const std::string& why);
  void hear_errors(Node& node);
  Status take(Node& node, Bytes payload);
  Status take(Node& node, const nodes::Said& said);
  Status take_record(const Node& node, const nodes::NodeRecord& record, Timestamp node_now);
  void tell_runner(const Event& event);
  void over(Node& node);
  static bool reached(const Node& node);

  Reactor& reactor_;
  const TaskSetup& setup_;
  NodeStarter starter_;
  const std::uint64_t lead_;
  LinkedTask& task_;
  std::function<bool()> leads_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::string configuration_;
  bool carries_ = false;  // files
  std::uint64_t questions_ = 0;
  bool finishing_ = false;
  std::optional<Deadlines::Key> patience_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
