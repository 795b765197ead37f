// What is to be done by a program that may be PID 1 of a container.
#pragma once

namespace thermos {

// The kernel drops what is sent to PID 1 as long as that has no handler for it: an engine's SIGTERM
// while the program starts would be lost, and SIGKILL come next. So, if this program is PID 1,
// SIGTERM, SIGINT and SIGUSR1 are noted from here on, until others take them. Any other program is
// left to end by them. No signal is blocked, and what is executed from here has none of this.
void note_early_signals();

// Sends to this program again what was noted. To be called when its own handlers are there.
void repeat_early_signals();

// Names the process after its `program` (PR_SET_NAME), if it is PID 1: it may have been started by
// another name, as a link or a copy that is called init. By that name coordinators tell it from a
// service manager, whose signals mean something else.
void name_first_process(const char* program);

}  // namespace thermos
