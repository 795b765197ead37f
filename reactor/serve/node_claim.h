// Who serves a task on a node: one server at a time, that of the latest leader.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/record/record.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class NodeClaim {
 public:
  // Takes the node for leader number `lead`, by the lock of the file `server` in `directory`. A
  // server of this or an earlier leader that holds it is told to give it up (SIGHUP), and is waited
  // for: it launches nothing from then on, and what it launched runs on. Fails with Busy if a later
  // leader has the node, or System. Blocks; only for programs without a loop yet.
  static Result<NodeClaim> take(const std::string& directory, std::uint64_t lead,
                                const BootId& boot);

 private:
  explicit NodeClaim(Descriptor file) : file_(std::move(file)) {}

  Descriptor file_;  // locked
};

}  // namespace thermos
