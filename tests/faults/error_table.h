// The errors with which each system call fails on a machine in trouble: short of descriptors,
// memory or disk space, with a failing disk, or interrupted. Errors that only a bug in the program
// causes (EBADF, EFAULT, EINVAL) are not here.
#pragma once

#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace thermos::faults {

// Keys are a call's name with its use, as "write@pipe"; for a use that is not here, the name alone
// applies. So an empty list means that the use has no errors.
inline const std::map<std::string, std::vector<int>>& error_table() {
  static const std::map<std::string, std::vector<int>> table = {
      // names and files
      {"openat", {EMFILE, ENFILE, ENOMEM, EIO, EINTR, EACCES}},
      {"openat@create", {EMFILE, ENFILE, ENOMEM, EIO, EROFS, ENOSPC, EDQUOT, EINTR, EACCES}},
      {"openat@write", {EMFILE, ENFILE, ENOMEM, EIO, EROFS, EINTR, EACCES}},
      {"read", {EIO, EINTR}},
      {"read@pipe", {EINTR}},
      {"read@pipe@nonblock", {EINTR, EAGAIN}},
      {"read@eventfd", {EINTR, EAGAIN}},
      {"read@inotify", {EINTR, EAGAIN, ENOMEM}},
      {"read@socket", {EINTR, ENOMEM, ECONNRESET}},
      {"read@socket@nonblock", {EINTR, EAGAIN, ENOMEM, ECONNRESET}},
      {"pread64", {EIO, EINTR}},
      {"readv", {EIO, EINTR}},
      {"write", {ENOSPC, EIO, EDQUOT, EINTR}},
      {"write@pipe", {EINTR}},
      // Not EAGAIN: the pipe would have to be full of messages.
      {"write@pipe@nonblock", {EINTR}},
      {"write@eventfd", {EINTR}},
      {"write@socket", {EINTR, ENOBUFS, EPIPE}},
      {"write@socket@nonblock", {EINTR, EAGAIN, ENOBUFS, EPIPE}},
      {"write@output", {ENOSPC, EIO, EINTR}},
      {"pwrite64", {ENOSPC, EIO, EDQUOT, EINTR}},
      {"writev", {ENOSPC, EIO, EDQUOT, EINTR}},
      {"fdatasync", {EIO, ENOSPC, EINTR}},
      {"fsync", {EIO, ENOSPC, EINTR}},
      {"ftruncate", {EIO, ENOSPC, EINTR}},
      {"close", {EIO, EINTR}},
      {"flock", {ENOLCK, EINTR}},
      {"fstat", {EIO, ENOMEM}},
      {"newfstatat", {EIO, ENOMEM, EACCES}},
      {"newfstatat@open", {EIO, ENOMEM}},
      {"statfs", {EIO, ENOMEM}},
      {"fstatfs", {EIO, ENOMEM}},
      {"access", {EACCES, EIO, ENOMEM}},
      {"faccessat", {EACCES, EIO, ENOMEM}},
      {"faccessat2", {EACCES, EIO, ENOMEM}},
      {"readlink", {EACCES, EIO, ENOMEM}},
      {"readlinkat", {EACCES, EIO, ENOMEM}},
      {"getcwd", {ENOMEM, ENOENT}},
      {"getdents64", {EIO, ENOMEM}},
      {"mkdir", {ENOSPC, EIO, EDQUOT, EROFS, ENOMEM, EACCES}},
      {"mkdirat", {ENOSPC, EIO, EDQUOT, EROFS, ENOMEM, EACCES}},
      {"rename", {ENOSPC, EIO, EDQUOT, EROFS, ENOMEM}},
      {"renameat", {ENOSPC, EIO, EDQUOT, EROFS, ENOMEM}},
      {"renameat2", {ENOSPC, EIO, EDQUOT, EROFS, ENOMEM}},
      {"unlink", {EIO, EROFS, ENOMEM, EACCES}},
      {"unlinkat", {EIO, EROFS, ENOMEM, EACCES}},
      {"rmdir", {EIO, EROFS, ENOMEM}},
      {"chdir", {EIO, ENOMEM, EACCES}},
      {"fchdir", {EIO, EACCES}},
      {"chmod", {EIO, EROFS, ENOMEM}},
      {"fchmod", {EIO, EROFS}},
      {"chown", {EIO, EROFS, ENOMEM}},
      {"lchown", {EIO, EROFS, ENOMEM}},
      {"fchown", {EIO, EROFS, EDQUOT}},
      {"fcntl@dup", {EMFILE}},
      {"fcntl@lock", {ENOLCK, EINTR}},
      {"dup", {EMFILE}},
      {"dup2", {EMFILE, EINTR, EBUSY}},
      {"dup3", {EINTR, EBUSY}},
      {"pipe2", {EMFILE, ENFILE}},
      {"eventfd2", {EMFILE, ENFILE, ENOMEM}},
      {"memfd_create", {EMFILE, ENFILE, ENOMEM}},
      // processes
      {"clone", {EAGAIN, ENOMEM}},
      {"clone3", {EAGAIN, ENOMEM}},
      {"fork", {EAGAIN, ENOMEM}},
      {"vfork", {EAGAIN, ENOMEM}},
      {"execve", {ENOMEM, ETXTBSY, EACCES, EAGAIN}},
      {"wait4", {EINTR}},
      {"waitid", {EINTR}},
      {"pidfd_open", {EMFILE, ENFILE, ENOMEM}},
      {"pidfd_send_signal", {EPERM}},
      {"kill", {EPERM}},
      {"setsid", {EPERM}},
      {"setpgid", {EPERM}},
      {"prctl", {EPERM}},
      {"getrandom", {EINTR, EAGAIN}},
      // waiting
      {"inotify_init1", {EMFILE, ENFILE, ENOMEM}},
      {"inotify_add_watch", {ENOSPC, ENOMEM}},
      {"epoll_create1", {EMFILE, ENFILE, ENOMEM}},
      {"epoll_ctl", {ENOMEM, ENOSPC}},
      {"epoll_wait", {EINTR}},
      {"epoll_pwait", {EINTR}},
      {"poll", {EINTR, ENOMEM}},
      {"ppoll", {EINTR, ENOMEM}},
      {"rt_sigtimedwait", {EINTR, EAGAIN}},
      {"signalfd4", {EMFILE, ENFILE, ENOMEM}},
      {"timerfd_create", {EMFILE, ENFILE, ENOMEM}},
      // sockets
      {"socket", {EMFILE, ENFILE, ENOBUFS, ENOMEM}},
      {"socketpair", {EMFILE, ENFILE, ENOMEM}},
      {"bind", {EADDRINUSE, ENOMEM, EROFS, EACCES, ENOSPC}},
      {"listen", {EADDRINUSE}},
      {"connect", {EAGAIN, ECONNREFUSED, EINTR, EACCES}},
      {"accept4", {EMFILE, ENFILE, ECONNABORTED, ENOBUFS, ENOMEM, EINTR}},
      {"sendmsg", {ENOBUFS, ENOMEM, EPIPE, ETOOMANYREFS, EINTR}},
      {"sendmsg@nonblock", {ENOBUFS, ENOMEM, EAGAIN, EPIPE, ETOOMANYREFS, EINTR}},
      {"sendto", {ENOBUFS, ENOMEM, EAGAIN, EPIPE, EINTR}},
      {"recvmsg", {ENOMEM, EINTR, ECONNRESET}},
      {"recvmsg@nonblock", {ENOMEM, EINTR, EAGAIN, ECONNRESET}},
      {"recvfrom", {ENOMEM, EINTR, ECONNRESET}},
      {"recvfrom@nonblock", {ENOMEM, EINTR, EAGAIN, ECONNRESET}},
      {"setsockopt", {ENOMEM}},
      {"getsockopt", {ENOBUFS}},
      {"shutdown", {ENOBUFS}},
  };
  return table;
}

// Errors that last for a while, so that the calls after the first fail too.
inline const std::map<std::string, std::vector<int>>& lasting_error_table() {
  static const std::vector<int> disk = {ENOSPC, EDQUOT, EIO, EROFS};
  static const std::vector<int> processes = {EAGAIN, ENOMEM};
  static const std::map<std::string, std::vector<int>> table = {
      {"openat", {EMFILE, ENFILE}},
      {"openat@create", {EMFILE, ENFILE, ENOSPC, EROFS}},
      {"write", disk},
      {"write@pipe", {}},
      {"write@pipe@nonblock", {}},
      {"write@eventfd", {}},
      {"write@socket", {ENOBUFS}},
      {"write@socket@nonblock", {ENOBUFS}},
      {"write@output", {ENOSPC, EIO}},
      {"pwrite64", disk},
      {"writev", disk},
      {"fdatasync", disk},
      {"fsync", disk},
      {"mkdir", disk},
      {"mkdirat", disk},
      {"rename", disk},
      {"renameat", disk},
      {"clone", processes},
      {"clone3", processes},
      {"vfork", processes},
      {"accept4", {EMFILE, ENFILE}},
      {"sendmsg", {ENOBUFS, ETOOMANYREFS}},
      {"sendto", {ENOBUFS}},
  };
  return table;
}

// Whether an error is a temporary shortage. When it happens once, it may cost time, or end a
// program, but every process must still succeed.
inline bool is_passing(int error) {
  static const std::set<int> all = {EMFILE,  ENFILE,       ENOMEM, EAGAIN,
                                    ENOBUFS, ETOOMANYREFS, EINTR,  ENOLCK};
  return all.contains(error);
}

}  // namespace thermos::faults
