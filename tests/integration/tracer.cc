#include "tracer.h"

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace thermos::real {
namespace {

// Waits until it stops, and takes the news of that; false: it ended, which is left for wait().
bool next_stop(pid_t pid, int& status) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WSTOPPED | WNOWAIT) != 0)
    return false;
  if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) return false;
  return ::waitpid(pid, &status, 0) == pid;
}

bool enters_a_call(pid_t pid) {
  __ptrace_syscall_info info{};
  ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
  return info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

}  // namespace

void be_traced() {
  ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
}

int trace(const Command& program, int calls) {
  const pid_t pid = program.pid();
  int status = 0;
  int seen = 0;
  // The first stop is that of its exec.
  if (!next_stop(pid, status)) return 0;
  ::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  int signal = 0;
  for (;;) {
    ::ptrace(PTRACE_SYSCALL, pid, nullptr, signal);
    if (!next_stop(pid, status)) return seen;
    signal = WSTOPSIG(status);
    if (signal != (SIGTRAP | 0x80)) continue;  // it is to have that signal
    signal = 0;
    if (!enters_a_call(pid) || ++seen < calls) continue;
    program.signal(SIGKILL);
    return seen;
  }
}

}  // namespace thermos::real
