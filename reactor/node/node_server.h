// A node's server: `thermos-coordinator --serve`. capnp/NODES.md describes its protocol.
#pragma once

#include "core/base/result.h"

namespace thermos {

// Serves a task's leader over standard input and output, until the task is over, the leader closes
// them, or another server asks for the node (SIGHUP). Then it launches nothing more and waits until
// everything that it launched has ended: an engine may end everything that it started on a node
// when the first process of that ends. Returns the exit status.
int serve_node();

}  // namespace thermos
