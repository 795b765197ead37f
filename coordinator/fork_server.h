// The fork server, which makes a coordinator for each launch message.
#pragma once

#include <cstdint>

namespace thermos::coordinator {

// The descriptor under which the fork server inherits the socket for launches (SOCK_SEQPACKET).
inline constexpr int kLaunchSocket = 3;
// The descriptor under which it inherits the socket on which all its coordinators report failed
// writes (SOCK_DGRAM). It is optional.
inline constexpr int kWriteFailureSocket = 4;

// Serves `socket` until its other end is closed, and returns the exit status for the process: 0, or
// 1 when it cannot allocate its buffer or send an answer. Each message is a Launch with the
// descriptors that launch.capnp lists, and is answered by a Launched. A coordinator is a clone of
// this program and a child of this program's parent (CLONE_PARENT, clone(2)). In the coordinator
// this call does not return but ends the process. `write_failures` may be -1: then failed writes
// are not reported. REQUIRES: one thread, and no open descriptors but 0, 1, 2 and the two sockets.
int serve_launches(int socket, int write_failures);

}  // namespace thermos::coordinator
