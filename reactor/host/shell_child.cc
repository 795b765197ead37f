#include "reactor/host/shell_child.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

#include "reactor/os/argument_pointers.h"
#include "reactor/os/errors.h"

namespace thermos {

Result<ShellChild> start_shell(const std::string& command) {
  std::array<std::array<int, 2>, 3> ends{};
  std::array<Descriptor, 3> ours;
  std::array<Descriptor, 3> theirs;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (::pipe2(ends[i].data(), O_CLOEXEC) != 0) return system_error("cannot make a pipe", errno);
    const bool to_it = i == 0;
    ours[i].reset(ends[i][to_it ? 1 : 0]);
    theirs[i].reset(ends[i][to_it ? 0 : 1]);
  }
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  for (int i = 0; i < 3; ++i) {
    ::posix_spawn_file_actions_adddup2(&files, theirs[static_cast<std::size_t>(i)].get(), i);
  }
  // The child needs a mask and dispositions of its own: the loop blocks the signals that it reads
  // from descriptors, and this program ignores SIGPIPE.
  sigset_t none;
  sigset_t defaults;
  ::sigemptyset(&none);
  ::sigfillset(&defaults);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  std::vector<std::string> arguments = {"sh", "-c", command};
  ShellChild child;
  const int error = ::posix_spawn(&child.pid, "/bin/sh", &files, &attributes,
                                  argument_pointers(arguments).data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (error != 0) return system_error("cannot start /bin/sh", error);
  child.in = std::move(ours[0]);
  child.out = std::move(ours[1]);
  child.err = std::move(ours[2]);
  return child;
}

}  // namespace thermos
