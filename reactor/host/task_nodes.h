// The nodes of one task, for its leader. Carries out the effects of each node's NodeLink
// (core/runner/node_link.h): starts the node's server by its launcher, speaks to it, and gives its
// reports to the runner. This class makes no decisions; the link and the runner do.
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
#include "reactor/host/node_starter.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_setup.h"
#include "reactor/loop/deadlines.h"
#include "reactor/pipe/file_carrier.h"
#include "reactor/pipe/frame_pipe.h"
#include "reactor/pipe/sandbox_disk.h"

namespace thermos {

class TaskNodes {
 public:
  // `lead` is a number that rises with each leader of the task. `leads` checks whether this host is
  // still the latest leader. All references outlive this.
  TaskNodes(Reactor& reactor, const TaskSetup& setup, NodeStarter starter, std::uint64_t lead,
            LinkedTask& task, std::function<bool()> leads);
  ~TaskNodes();
  TaskNodes(const TaskNodes&) = delete;
  TaskNodes& operator=(const TaskNodes&) = delete;

  // The runner leads: starts the servers of all nodes.
  void begin(const History& history);

  // Whether the last run of the process is placed on a node.
  bool has_run(ProcessIndex p) const;
  // Carries out an effect of the runner on a run that is placed on a node. Returns false for every
  // other effect. If the node's server is not connected, does nothing: the missed effect is noticed
  // when the server is connected again.
  bool carry_out(const Effect& effect);

  // Takes a person's word that a node is gone, or is back. Fails with NotFound if the task has no
  // such node.
  Status call(const std::string& node, bool gone, const std::string& reason);

  // The task has ended: makes the servers end as soon as their coordinators have ended.
  void finish();
  // Whether no coordinator is left on any node, as far as this host can know. Called after
  // finish().
  bool quiet() const;
  // Called at the end of a turn: sends the queued messages.
  void flush();

 private:
  // A running server of a node.
  struct Server {
    pid_t pid = 0;
    std::unique_ptr<FramePipe> pipe;
    std::unique_ptr<FileCarrier> files;  // nullptr: the task carries no files
    Descriptor err;
    std::unique_ptr<Poll> err_poll;
    std::string err_text;  // the unfinished last line of its standard error
  };
  struct Node {
    std::string name;
    NodeLink link;
    Room room;
    std::unique_ptr<Server> server;
    std::string last_said;   // the last line on the server's standard error
    std::string last_short;  // the last logged reason why files can't be copied to the node for now
    std::optional<Deadlines::Key> timer;
    std::uint64_t asked = 0;    // the number of the latest question to the engine
    std::vector<Probe> probes;  // probes that are not answered yet
    // Launches that wait until their files were copied to the node.
    std::unordered_map<ProcessIndex, StartProcess> starts;
    bool finishing = false;
    bool former = false;  // the task no longer has this node, but a live run is on it
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
  bool carries_ = false;  // whether the task copies files to and from nodes
  std::uint64_t questions_ = 0;
  bool finishing_ = false;
  std::optional<Deadlines::Key> patience_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
