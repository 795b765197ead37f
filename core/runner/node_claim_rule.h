// Decides which of several leaders of a task has a node: the one with the highest number. Each
// server asks judge_claim() what to do about the file that it has to lock.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/record/record.h"

namespace thermos {

// Returns the number of the leader that goes on with `history` at this wall time. It is higher than
// those of all leaders before, whatever their clocks were: each of them has its number on record.
std::uint64_t lead_number(const History& history, Microseconds wall);

// What a server writes into the file, once it has locked it.
struct NodeHolder {
  std::uint64_t lead = 0;  // its leader's number
  Identity server;
  BootId boot;
};

struct ClaimVerdict {
  enum class Step {
    Take,    // write our name into the file: the node is ours
    Wait,    // and ask again: another may have the lock by then
    Refuse,  // a later leader has the node
  };
  Step step = Step::Take;
  // The server that is to give the node up, and is told so if it was not told yet; empty if it
  // can't be known which one that is.
  std::optional<Identity> hang_up;
};

// `locked`: another process has the lock. `written`: what the file holds. `locker`: the process
// that has the lock, as far as the kernel tells.
ClaimVerdict judge_claim(const NodeHolder& ours, bool locked,
                         const std::optional<NodeHolder>& written,
                         const std::optional<Identity>& locker);

}  // namespace thermos
