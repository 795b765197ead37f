// The right to serve a task on a node. One server has it at a time, that of the latest leader.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/record/record.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class NodeClaim {
 public:
  // Takes the node for leader number `lead`, by the lock of the file `server` in `directory`. If a
  // server of this or an earlier leader holds the lock, tells that server to give it up (SIGHUP)
  // and waits for that. That server launches nothing from then on, and what it launched runs on.
  // Fails with Busy if a later leader has the node, or System. Blocks, so the caller's loop must
  // have nothing else to do yet.
  static Result<NodeClaim> take(const std::string& directory, std::uint64_t lead,
                                const BootId& boot);

 private:
  explicit NodeClaim(Descriptor file) : file_(std::move(file)) {}

  Descriptor file_;  // locked
};

}  // namespace thermos
