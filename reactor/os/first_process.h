// Handles signals for a program that may be PID 1 of a container.
#pragma once

namespace thermos {

// The kernel drops a signal to PID 1 for which PID 1 has no handler. So a SIGTERM that a container
// engine sends while the program starts would be lost, and SIGKILL would come next. Therefore, if
// this program is PID 1, this call installs handlers that note SIGTERM, SIGINT and SIGUSR1 until
// the program installs its own. If it is not PID 1, the call does nothing, and these signals end
// the program. No signal is blocked, and a program that this one executes does not inherit the
// handlers.
void note_early_signals();

// Raises the noted signals again. The caller has installed its own handlers before.
void repeat_early_signals();

// If this program is PID 1, sets its process name to `program` (PR_SET_NAME). It may have been
// started by another name, such as a link or a copy called init. Coordinators use the name to tell
// this program from a service manager, whose signals mean something else.
void name_first_process(const char* program);

}  // namespace thermos
