// The state machine of one node, as the leader of a task knows it: whether its server is started,
// can be reached, is to end what ran there before, or the node is gone. It takes events and returns
// effects, like CoordinatorLink; it knows no pipe and no clock.
//
// A node's server (`thermos-coordinator --serve`) makes coordinators there and tells of them. The
// end of its pipe does not mean that the node is dead: the runs go on, and the next server takes
// them over by their locks. Only the engine, or a person, says that a node is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/times.h"

namespace thermos {

namespace node {

// ---- events ------------------------------------------------------------------------------------

// The task is led from here on. `gone`: the node was called gone before, and is not back.
struct Begin {
  bool gone = false;
};
// The server runs and has taken the node: no other one serves this task there any more.
struct Welcomed {};
// The server could not be started, or its pipe has ended.
struct Ended {
  std::string reason;
};
// Answers SendRuns: the server has told everything that happened to the runs of this node
// meanwhile.
struct Told {};
// Answers SendClean: nothing of this task runs there any more.
struct Cleaned {};
// Answers AskEngine. `gone`: the engine says that the node, or what was started there, is gone for
// good.
struct EngineSaid {
  bool gone = false;
  std::string reason;
};
// A person says that the node is gone, or (not `gone`) that it is back.
struct Called {
  bool gone = false;
  std::string reason;
};
// The time of Arm has come.
struct Timer {};

using Event = std::variant<Begin, Welcomed, Ended, Told, Cleaned, EngineSaid, Called, Timer>;

// ---- effects -----------------------------------------------------------------------------------

// Start the server, by the node's launcher. Answered by Welcomed or Ended.
struct StartServer {};
// Close the server's pipe. No Ended follows.
struct DropServer {};
// Ask the engine, or the command that tells this, whether the node is gone. Answered once.
struct AskEngine {};
// Tell the server which runs are live there on record: it takes them over. It tells what became of
// them, and then comes Told.
struct SendRuns {};
// Tell the server to end all that runs of this task.
struct SendClean {};
// Send Timer at this boot time; it replaces the earlier one. Empty: no timer.
struct Arm {
  std::optional<Microseconds> at;
};
// Give the runner NodeUp, NodeDown or NodeGone.
struct TellUp {};
struct TellDown {};
struct TellGone {
  std::string reason;
};
// Tell people that the node can't be reached, and why.
struct Warn {
  std::string reason;
};

using Effect = std::variant<StartServer, DropServer, AskEngine, SendRuns, SendClean, Arm, TellUp,
                            TellDown, TellGone, Warn>;

// ---- the machine -------------------------------------------------------------------------------

enum class State : std::uint8_t {
  Idle,      // before Begin
  Starting,  // the server was started, and has not said anything
  Telling,   // the server tells what became of the runs
  Cleaning,  // the server ends what runs on a node that was called gone
  Up,
  Asking,   // the pipe has ended: the engine is asked whether the node is gone
  Resting,  // until the next try to start a server
};

}  // namespace node

class NodeLink {
 public:
  // Takes one event at `now` (boot time). An event that can't come in this state is ignored: it was
  // on its way when the state changed.
  std::vector<node::Effect> handle(const node::Event& event, Microseconds now);

  node::State state() const { return state_; }
  // Returns whether the server takes requests about runs: it was told of all runs that are live
  // there, so it knows those that later requests are about.
  bool listens() const { return state_ == node::State::Telling || state_ == node::State::Up; }
  // Returns whether the node was called gone, and what ran there has not been ended yet.
  bool gone() const { return gone_; }
  // Returns why the node can't be reached; empty when it can.
  const std::string& failure() const { return failure_; }

 private:
  void on(const node::Begin& event);
  void on(const node::Welcomed& event);
  void on(const node::Ended& event);
  void on(const node::Told& event);
  void on(const node::Cleaned& event);
  void on(const node::EngineSaid& event);
  void on(const node::Called& event);
  void on(const node::Timer& event);

  void start();
  void rest();
  void try_immediately();
  void call_gone(const std::string& reason);
  bool has_server() const;

  template <typename T>
  void add(T effect) {
    effects_.emplace_back(std::move(effect));
  }

  node::State state_ = node::State::Idle;
  bool gone_ = false;
  std::string failure_;
  std::uint32_t tries_ = 0;  // how many failed, in a row
  std::vector<node::Effect> effects_;
  Microseconds now_ = 0;
};

}  // namespace thermos
