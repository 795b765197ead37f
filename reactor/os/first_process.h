// Signals that come to PID 1 of a container before it waits for any.
#pragma once

namespace thermos {

// The kernel drops what is sent to PID 1 as long as that has no handler for it: an engine's SIGTERM
// while the program starts would be lost, and SIGKILL come next. So, if this program is PID 1,
// SIGTERM, SIGINT and SIGUSR1 are noted from here on, until others take them. Any other program is
// left to end by them. No signal is blocked, and what is executed from here has none of this.
void note_early_signals();

// Sends to this program again what was noted. To be called when its own handlers are there.
void repeat_early_signals();

}  // namespace thermos
