// Sends requests to the leader of a task, over its socket (leader_socket.h). Blocking calls, for
// programs without a loop.
#pragma once

#include <cstdint>
#include <string>

#include "capnp/control.h"
#include "core/base/result.h"
#include "core/base/times.h"
#include "core/record/state.h"
#include "core/runner/requests.h"

namespace thermos {

// The outcome of a request to a leader.
enum class LeaderReply : std::uint8_t {
  NoLeader,  // nobody listens on the socket
  Silent,    // the leader doesn't answer in time: it is stopped (SIGSTOP), or hangs
  // The leader closed the connection without an answer: it is ending, or its version is too old.
  HungUp,
  Vanished,  // the leader accepted the request and died before the task ended
  Ended,     // the task ended; `state` says how
};
struct LeaderAnswer {
  LeaderReply reply = LeaderReply::NoLeader;
  TaskState state = TaskState::Lost;
};

// Asks the leader of a task to kill it, and blocks until the task has ended. The reply is Silent if
// the leader does not accept the request within `patience` (microseconds). Fails with the leader's
// own error if it refuses the request, or with System.
Result<LeaderAnswer> ask_leader(const std::string& checkpoint_dir, const KillRequest& request,
                                Microseconds patience);

// Gives the leader of a task an order; `order` names no task. Fails with NoDaemon if the task has
// no leader, Busy if the leader does not answer within `patience` (microseconds) or hangs up,
// System, or with the leader's own error.
Status order_leader(const std::string& checkpoint_dir, const control::AskOrder& order,
                    Microseconds patience);
// Tells the leader of a task that a node is gone, or is back. Fails as order_leader() does.
Status tell_leader_of_node(const std::string& checkpoint_dir, const control::AskNode& call,
                           Microseconds patience);

}  // namespace thermos
