#include "coordinator/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

// The child runs in its parent's memory, so sanitizer code in it would change the parent's state.
#define THERMOS_SHARED_MEMORY __attribute__((no_sanitize("address"), no_sanitize("undefined")))

namespace thermos::coordinator {
namespace {

constexpr const char* kShell = "/bin/bash";

struct Shared {
  const SpawnRequest* request;
  const char* const* arguments;
  // The child writes these; the parent reads them after the child's exec or exit.
  volatile SpawnStep step;
  volatile int error_number;
};

THERMOS_SHARED_MEMORY bool enter_group(int group) {
  const long file = ::syscall(SYS_openat, group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  if (file >= 0 && ::syscall(SYS_write, file, "0", 1) == 1) return true;
  // If the group was removed meanwhile, the process runs without one.
  return errno == ENOENT || errno == ENODEV;
}

// Raw system calls only: the C library's setuid() and similar functions act on all threads of the
// process, and library state that they change would be the parent's.
THERMOS_SHARED_MEMORY SpawnStep enter(const SpawnRequest& request, const char* const* arguments) {
  const LaunchView& launch = *request.launch;
  ::syscall(SYS_setpgid, 0, 0);
  // dup3() without flags: the copy has no O_CLOEXEC and stays open over the exec.
  if (::syscall(SYS_dup3, request.null, 0, 0) < 0 && errno != EINVAL) return SpawnStep::Files;
  if (::syscall(SYS_dup3, request.out, 1, 0) < 0) return SpawnStep::Files;
  if (::syscall(SYS_dup3, request.err, 2, 0) < 0) return SpawnStep::Files;
  // Before setuid, because root owns the groups; before exec, so that all descendants are in it.
  if (request.group >= 0 && !enter_group(request.group)) return SpawnStep::Group;
  if (*launch.root != '\0') {
    if (::syscall(SYS_chroot, launch.root) != 0) return SpawnStep::Root;
    if (::syscall(SYS_chdir, "/") != 0) return SpawnStep::Root;
  }
  if (launch.change_user) {
    if (::syscall(SYS_setgroups, request.groups.size(), request.groups.data()) != 0)
      return SpawnStep::Groups;
    if (::syscall(SYS_setresgid, launch.gid, launch.gid, launch.gid) != 0) return SpawnStep::Gid;
    if (::syscall(SYS_setresuid, launch.uid, launch.uid, launch.uid) != 0) return SpawnStep::Uid;
  }
  // After setuid, so that the user's own rights decide whether the directory may be entered.
  if (::syscall(SYS_chdir, launch.directory) != 0) return SpawnStep::Directory;
#ifdef SYS_close_range
  // All our descriptors are O_CLOEXEC too, for kernels without close_range() (before 5.9).
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
#endif
  const std::uint64_t none = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
  ::syscall(SYS_execve, kShell, arguments, request.environment);
  return SpawnStep::Shell;
}

THERMOS_SHARED_MEMORY int child(void* argument) {
  auto* shared = static_cast<Shared*>(argument);
  const SpawnStep failed = enter(*shared->request, shared->arguments);
  shared->error_number = errno;
  shared->step = failed;
  ::syscall(SYS_exit_group, 127);
  return 127;
}

}  // namespace

bool SpawnResult::worth_retrying() const {
  if (step == SpawnStep::None) return false;
  // EBUSY: dup3() raced with an open() of the same descriptor number (dup(2)).
  return error_number == EAGAIN || error_number == ENOMEM || error_number == ENFILE ||
         error_number == EINTR || error_number == EBUSY;
}

void SpawnResult::describe(const SpawnRequest& request, Text& text) const {
  // A path may be longer than a reason. It is cut, so that the errno behind it stays.
  const auto path = [](const char* whole) { return std::string_view(whole).substr(0, 800); };
  const LaunchView& launch = *request.launch;
  switch (step) {
    case SpawnStep::None:
      return;
    case SpawnStep::Clone:
      text.add("cannot make a process");
      break;
    case SpawnStep::Files:
      text.add("cannot redirect stdin, stdout and stderr");
      break;
    case SpawnStep::Group:
      text.add("cannot enter its control group");
      break;
    case SpawnStep::Root:
      text.add("cannot change root to ").add(path(launch.root));
      break;
    case SpawnStep::Groups:
      text.add("cannot set ")
          .add(static_cast<std::int64_t>(request.groups.size()))
          .add(" supplementary groups");
      break;
    case SpawnStep::Gid:
      text.add("cannot set group ").add(std::int64_t{launch.gid});
      break;
    case SpawnStep::Uid:
      text.add("cannot become user ").add(std::int64_t{launch.uid});
      break;
    case SpawnStep::Directory:
      text.add("cannot enter directory ").add(path(launch.directory));
      if (*launch.root != '\0') text.add(" in ").add(path(launch.root).substr(0, 100));
      break;
    case SpawnStep::Shell:
      if (error_number == E2BIG) {
        text.add("cannot run /bin/bash: command line and environment are too long together");
        return;
      }
      text.add("cannot run /bin/bash");
      if (*launch.root != '\0') text.add(" in ").add(path(launch.root));
      break;
  }
  text.add(": ").add_error(error_number);
}

SpawnResult spawn_shell(const SpawnRequest& request, std::span<std::byte> stack) {
  const char* const arguments[] = {kShell, "-c", request.launch->cmdline, nullptr};
  Shared shared{&request, arguments, SpawnStep::None, 0};
  // CLONE_VFORK: the parent continues when the child has executed the shell or exited.
  const int pid =
      ::clone(child, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, &shared);
  if (pid < 0) return {0, SpawnStep::Clone, errno};
  return {pid, shared.step, shared.error_number};
}

}  // namespace thermos::coordinator
