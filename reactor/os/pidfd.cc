#include "reactor/os/pidfd.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "reactor/os/identity.h"

namespace thermos {

std::optional<Descriptor> open_child_pidfd(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  Descriptor fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return std::nullopt;
  return fd;
}

std::optional<Descriptor> open_pidfd(const Identity& identity) {
  auto fd = open_child_pidfd(identity.pid);
  if (!fd) return std::nullopt;
  // Check after opening: the pidfd keeps referring to the process that it was opened for.
  const auto stat = read_stat(identity.pid);
  if (!stat || stat->identity.ticks != identity.ticks) return std::nullopt;
  return fd;
}

bool send_signal(const Descriptor& pidfd, int signal) {
  return syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

void wait_for_death(const Descriptor& pidfd) {
  pollfd entry{pidfd.get(), POLLIN, 0};
  while (poll(&entry, 1, -1) < 0 && errno == EINTR) {
  }
}

bool send_signal(const Descriptor& pidfd, int signal, int value) {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_int = value;
  return syscall(SYS_pidfd_send_signal, pidfd.get(), signal, &info, 0) == 0;
}

bool send_signal(const Identity& identity, int signal) {
  const auto fd = open_pidfd(identity);
  return fd && send_signal(*fd, signal);
}

}  // namespace thermos
