// The fork server: turns launch messages into coordinators.
#pragma once

#include <cstdint>

namespace thermos::coordinator {

// The descriptor on which the reactor hands the socket to the fork server.
inline constexpr int kLaunchSocket = 3;
// The one on which all its coordinators tell of their write_failures (SOCK_DGRAM); it need not be
// there.
inline constexpr int kWriteFailureSocket = 4;

// Serves `socket` (SOCK_SEQPACKET) until its other end is closed, and returns the exit status. Each
// message is a Launch with three or four descriptors and is answered by a Launched. A coordinator
// is a clone of this program, a child of this program's parent; in it, this call does not return
// but ends the process. REQUIRES: one thread, no descriptor open but 0, 1, 2 and the two
// sockets. `write_failures` may be -1.
int serve_launches(int socket, int write_failures);

}  // namespace thermos::coordinator
