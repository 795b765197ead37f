// Asking the leader of a task, at its socket (leader_socket.h). For programs without a loop.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/record/state.h"
#include "core/runner/requests.h"

namespace thermos {

// What asking a leader came to.
enum class LeaderReply : std::uint8_t {
  NoLeader,  // nobody listens
  Silent,    // somebody is there and does not answer: stopped, or hung
  HungUp,    // somebody closed the connection instead of answering: on the way out, or too old
  Vanished,  // it heard, and died before the task ended
  Ended,     // the task ended; `state` says how
};
struct Answer {
  LeaderReply asked = LeaderReply::NoLeader;
  TaskState state = TaskState::Lost;
};

// Asks the leader of a task to kill it and waits until the task has ended. Blocks. A leader that
// does not say "heard" within `patience` is Silent. An error: what the leader has against it, or
// System.
Result<Answer> ask_leader(const std::string& checkpoint_dir, const KillRequest& request,
                          Microseconds patience);

// Gives the leader of a task an order for one process. NoDaemon: nobody leads it; Busy: who leads
// it does not answer within `patience`, or hangs up; and what the leader has against it.
Status order_leader(const std::string& checkpoint_dir, const OrderRequest& request,
                    Microseconds patience);

}  // namespace thermos
