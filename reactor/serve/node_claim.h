// Who serves a task on a node: one server at a time, that of the latest leader.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/record.h"
#include "core/runner/claim.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class NodeClaim {
 public:
  // For leader number `lead`, by the lock of the file `server` in `directory`. `taken` is called
  // once, in begin() or later: the node is ours until this is destroyed, or a failure: Busy if a
  // later leader has the node, or System. In there, nobody may destroy this. `loop` and `deadlines`
  // outlive this.
  NodeClaim(Loop& loop, Deadlines& deadlines, std::string directory, std::uint64_t lead,
            const BootId& boot, std::function<void(const Status&)> taken);
  ~NodeClaim();
  NodeClaim(const NodeClaim&) = delete;
  NodeClaim& operator=(const NodeClaim&) = delete;

  // A server of this or an earlier leader that holds the node is told to give it up (SIGHUP), and
  // is waited for: it launches nothing from then on, and what it launched runs on. To destroy this
  // is to wait no more.
  void begin();

 private:
  void ask();
  // Whether the node is ours now.
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
