// A node's server: `thermos-coordinator --serve`. capnp/NODES.md describes what it says.
#pragma once

#include "core/base/result.h"

namespace thermos {

// Serves a task's leader over standard input and output until that is over, or closes them. Then,
// or when the server of another leader asks for the node (SIGHUP), it launches nothing more and
// waits until what it launched has ended: an engine may end everything that it started when the
// first process of that ends. Returns the exit status.
int serve_node();

}  // namespace thermos
