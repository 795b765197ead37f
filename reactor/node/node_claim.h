// The right to serve a task on a node. One server has it at a time, that of the latest leader.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/record.h"
#include "core/runner/node_claim_rule.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class NodeClaim {
 public:
  // Takes the node for leader number `lead`, by the lock of the file `server` in `directory`.
  // `taken` is called once, in begin() or later, when the node is ours, which it stays until this
  // is destroyed; or with a failure: Busy if a later leader has the node, or System. `taken` must
  // not destroy this. `loop` and `deadlines` outlive this.
  NodeClaim(Loop& loop, Deadlines& deadlines, std::string directory, std::uint64_t lead,
            const BootId& boot, std::function<void(const Status&)> taken);
  ~NodeClaim();
  NodeClaim(const NodeClaim&) = delete;
  NodeClaim& operator=(const NodeClaim&) = delete;

  // If a server of this or an earlier leader holds the node, tells that server to give it up
  // (SIGHUP) and waits for that. That server launches nothing from then on, and what it launched
  // runs on. Destroying this ends the wait.
  void begin();

 private:
  void ask();
  // Returns whether the node is ours now.
  Result<bool> ask_once();

  Loop& loop_;
  Deadlines& deadlines_;
  const std::string path_;
  NodeHolder ours_;
  std::function<void(const Status&)> taken_;
  Descriptor file_;               // locked, when the node is ours
  std::optional<Identity> told_;  // to give it up
  Microseconds pause_;            // before it is asked again
  std::optional<Deadlines::Key> timer_;
};

}  // namespace thermos
