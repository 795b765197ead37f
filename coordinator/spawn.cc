#include "coordinator/spawn.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "coordinator/clone_child.h"

// The child runs in its parent's memory, so sanitizer code in it would change the parent's state.
#define THERMOS_SHARED_MEMORY __attribute__((no_sanitize("address"), no_sanitize("undefined")))

namespace thermos::coordinator {
namespace {

constexpr const char* kShell = "/bin/bash";
constexpr std::size_t kPathRoom = 4096;  // PATH_MAX
constexpr std::size_t kNameRoom = 256;   // NAME_MAX and a NUL
constexpr int kDirectoryMode = 0777;     // as mkdir(1) makes them: less the umask

struct Shared {
  const SpawnRequest* request;
  const char* const* arguments;
  volatile bool in_group;  // the child is born in its control group
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

// Returns the length of `text` up to `end` or the NUL. strlen() and similar functions are not used,
// because sanitizers replace them.
THERMOS_SHARED_MEMORY std::size_t length_to(const char* text, char end) {
  std::size_t length = 0;
  while (text[length] != '\0' && text[length] != end) ++length;
  return length;
}

// Appends `size` bytes and a NUL behind the first `used` bytes of `room`. Returns false if they
// don't fit.
template <std::size_t kRoom>
THERMOS_SHARED_MEMORY bool append(char (&room)[kRoom], std::size_t& used, const char* text,
                                  std::size_t size) {
  if (used + size >= kRoom) return false;
  for (std::size_t i = 0; i < size; ++i) {
    // Volatile, or the compiler makes a call of memcpy() of this.
    const_cast<volatile char*>(room)[used + i] = text[i];
  }
  used += size;
  room[used] = '\0';
  return true;
}

// Opens the file that becomes stdin. O_NONBLOCK is for a FIFO, which would hold the coordinator
// until somebody opens its other end; it is cleared again, so that the process's stdin blocks as
// usual.
THERMOS_SHARED_MEMORY bool take_input(const char* path) {
  const long file =
      ::syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) return false;
  ::syscall(SYS_fcntl, file, F_SETFL, 0);
  return ::syscall(SYS_dup3, file, 0, 0) >= 0;
}

// Enters the directory `path` below the current one, and makes its parts that are missing. Nothing
// is made behind a link, which may lead out of the sandbox.
THERMOS_SHARED_MEMORY bool enter_below(const char* path) {
  for (const char* rest = path; *rest != '\0';) {
    if (*rest == '/') {
      ++rest;
      continue;
    }
    char name[kNameRoom];
    std::size_t size = 0;
    if (!append(name, size, rest, length_to(rest, '/'))) {
      errno = ENAMETOOLONG;
      return false;
    }
    const int made = ::syscall(SYS_mkdirat, AT_FDCWD, name, kDirectoryMode) == 0 ? 0 : errno;
    const long directory =
        ::syscall(SYS_openat, AT_FDCWD, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) {
      if (errno == ENOENT && made != 0) errno = made;
      // This part is a link or a file: the kernel decides where the rest leads.
      return (errno == ENOTDIR || errno == ELOOP) && ::syscall(SYS_chdir, rest) == 0;
    }
    if (::syscall(SYS_fchdir, directory) != 0) return false;
    ::syscall(SYS_close, directory);
    rest += size;
  }
  return true;
}

// Copies a file to stdout. O_NONBLOCK makes a FIFO without a writer an empty file.
THERMOS_SHARED_MEMORY bool copy_out(const char* path) {
  const long file =
      ::syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) return false;
  char buffer[4096];
  for (;;) {
    const long got = ::syscall(SYS_read, file, buffer, sizeof buffer);
    if (got <= 0) return got == 0;
    for (long written = 0; written < got;) {
      const long count = ::syscall(SYS_write, 1, buffer + written, got - written);
      if (count < 0 && errno == EAGAIN) errno = EFBIG;  // the pipe has no room for more
      if (count < 0) return false;
      written += count;
    }
  }
}

THERMOS_SHARED_MEMORY const char* path_in(const char* const* environment) {
  for (; *environment != nullptr; ++environment) {
    const char* variable = *environment;
    if (variable[0] == 'P' && variable[1] == 'A' && variable[2] == 'T' && variable[3] == 'H' &&
        variable[4] == '=') {
      return variable + 5;
    }
  }
  return nullptr;
}

// Executes a program as execvp(3) does, but runs no shell for a file that is not a program.
THERMOS_SHARED_MEMORY void execute(const char* const* arguments, const char* const* environment) {
  const char* program = arguments[0];
  const std::size_t size = length_to(program, '\0');
  if (length_to(program, '/') != size) {
    ::syscall(SYS_execve, program, arguments, environment);
    return;
  }
  int denied = 0;
  for (const char* rest = path_in(environment); rest != nullptr;) {
    const std::size_t length = length_to(rest, ':');
    char path[kPathRoom];
    std::size_t used = 0;
    // An empty entry is the current directory.
    if (append(path, used, rest, length) && append(path, used, "/", length == 0 ? 0 : 1) &&
        append(path, used, program, size)) {
      ::syscall(SYS_execve, path, arguments, environment);
      if (errno == EACCES) denied = errno;
      if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return;
    }
    rest = rest[length] == ':' ? rest + length + 1 : nullptr;
  }
  errno = denied != 0 ? denied : ENOENT;
}

// Raw system calls only: the C library's setuid() and similar functions act on all threads of the
// process, and library state that they change would be the parent's.
THERMOS_SHARED_MEMORY SpawnStep enter(const SpawnRequest& request, const char* const* arguments,
                                      bool in_group) {
  const LaunchView& launch = *request.launch;
  ::syscall(SYS_setpgid, 0, 0);
  // dup3() without flags: the copy has no O_CLOEXEC and stays open over the exec.
  if (::syscall(SYS_dup3, request.null, 0, 0) < 0 && errno != EINVAL) return SpawnStep::Files;
  if (::syscall(SYS_dup3, request.out, 1, 0) < 0) return SpawnStep::Files;
  if (::syscall(SYS_dup3, request.err, 2, 0) < 0) return SpawnStep::Files;
  // The group is entered before setuid, because root owns the groups, and before exec, so that all
  // descendants are in it.
  if (request.group >= 0 && !in_group && !enter_group(request.group)) return SpawnStep::Group;
  if (*launch.root != '\0' && request.copied == nullptr) {
    if (::syscall(SYS_chroot, launch.root) != 0) return SpawnStep::Root;
    if (::syscall(SYS_chdir, "/") != 0) return SpawnStep::Root;
  }
  if (launch.change_user) {
    if (::syscall(SYS_setgroups, launch.groups.size(), launch.groups.data()) != 0)
      return SpawnStep::Groups;
    if (::syscall(SYS_setresgid, launch.gid, launch.gid, launch.gid) != 0) return SpawnStep::Gid;
    if (::syscall(SYS_setresuid, launch.uid, launch.uid, launch.uid) != 0) return SpawnStep::Uid;
  }
  if (request.copied != nullptr) {
    return copy_out(request.copied) ? SpawnStep::None : SpawnStep::Copy;
  }
  // The rest comes after setuid, so that the user's own rights decide what may be read and entered.
  if (*launch.input != '\0' && !take_input(launch.input)) return SpawnStep::Input;
  if (::syscall(SYS_chdir, launch.directory) != 0) return SpawnStep::Directory;
  if (!enter_below(launch.subdirectory)) return SpawnStep::Subdirectory;
#ifdef SYS_close_range
  // All our descriptors are O_CLOEXEC too, for kernels without close_range() (before 5.9).
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
#endif
  const std::uint64_t none = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
  execute(arguments, launch.environment.data());
  return SpawnStep::Program;
}

THERMOS_SHARED_MEMORY int child(void* argument) {
  auto* shared = static_cast<Shared*>(argument);
  const SpawnStep failed = enter(*shared->request, shared->arguments, shared->in_group);
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

void SpawnResult::describe(const SpawnRequest& request, LineBuffer& text) const {
  // A path may be longer than a reason. It is cut, so that the errno behind it stays.
  constexpr std::size_t kPathBytes = 800;
  const LaunchView& launch = *request.launch;
  switch (step) {
    case SpawnStep::None:
      return;
    case SpawnStep::Notify:
      text.add("cannot make its notify socket");
      break;
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
      text.add("cannot change root to ").add(launch.root, kPathBytes);
      break;
    case SpawnStep::Groups:
      text.add("cannot set ")
          .add(static_cast<std::int64_t>(launch.groups.size()))
          .add(" supplementary groups");
      break;
    case SpawnStep::Gid:
      text.add("cannot set group ").add(std::int64_t{launch.gid});
      break;
    case SpawnStep::Uid:
      text.add("cannot become user ").add(std::int64_t{launch.uid});
      break;
    case SpawnStep::Input:
      text.add("cannot open its stdin ").add(launch.input, kPathBytes);
      break;
    case SpawnStep::Directory:
      text.add("cannot enter directory ").add(launch.directory, kPathBytes);
      if (*launch.root != '\0') text.add(" in ").add(launch.root, 100);
      break;
    case SpawnStep::Subdirectory:
      text.add("cannot enter or make the directory ").add(launch.subdirectory, 400);
      text.add(" in ").add(launch.directory, 400);
      break;
    case SpawnStep::Copy:
      text.add("cannot read ").add(request.copied, kPathBytes);
      break;
    case SpawnStep::Program: {
      const std::string_view program = launch.arguments.empty() ? kShell : launch.arguments.front();
      text.add("cannot run ").add(program, 400);
      if (error_number == E2BIG) {
        text.add(": command line and environment are too long together");
        return;
      }
      if (error_number == ENOENT && program.find('/') == std::string_view::npos) {
        const char* searched = path_in(launch.environment.data());
        text.add(": it is not in PATH, ").add(searched != nullptr ? searched : "", 400);
        return;
      }
      if (*launch.root != '\0') text.add(" in ").add(launch.root, 400);
      break;
    }
  }
  text.add(": ").add_error(error_number);
}

SpawnResult spawn(const SpawnRequest& request, std::span<std::byte> stack) {
  const LaunchView& launch = *request.launch;
  const char* const shell[] = {kShell, "-c", launch.cmdline, nullptr};
  const char* const* arguments = launch.arguments.empty() ? shell : launch.arguments.data();
  Shared shared{&request, arguments, false, SpawnStep::None, 0};
  const int pid = clone_child(child, &shared, stack, request.group, shared.in_group);
  if (pid < 0) return {0, SpawnStep::Clone, errno};
  return {pid, shared.step, shared.error_number};
}

}  // namespace thermos::coordinator
