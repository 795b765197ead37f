#include "coordinator/clone_child.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

namespace thermos::coordinator {
namespace {

constexpr std::uint64_t kCloneIntoCgroup = 0x200000000;

// struct clone_args of clone(2). The system's headers may have a shorter one.
struct CloneArguments {
  std::uint64_t flags = CLONE_VM | CLONE_VFORK | kCloneIntoCgroup;
  std::uint64_t pidfd = 0;
  std::uint64_t child_tid = 0;
  std::uint64_t parent_tid = 0;
  std::uint64_t exit_signal = SIGCHLD;
  std::uint64_t stack = 0;  // its lowest address
  std::uint64_t stack_size = 0;
  std::uint64_t tls = 0;
  std::uint64_t set_tid = 0;
  std::uint64_t set_tid_size = 0;
  std::uint64_t cgroup = 0;
};

// The C library has no function for it, and syscall(2) can't return in the child, whose stack is
// empty. Returns the pid, or minus an errno; -ENOSYS on a processor for which it is not written.
long clone3(const CloneArguments& arguments, int (*child)(void*), void* argument) {
#if defined(__x86_64__) && defined(SYS_clone3)
  long result = SYS_clone3;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "mov %[argument], %%rdi\n\t"
      "call *%[child]\n\t"
      "hlt\n"
      "1:"
      : "+a"(result)
      : "D"(&arguments), "S"(sizeof arguments), [child] "r"(child), [argument] "r"(argument)
      : "rcx", "r11", "memory", "cc");
  return result;
#elif defined(__aarch64__) && defined(SYS_clone3)
  register long number asm("x8") = SYS_clone3;
  register long result asm("x0") = reinterpret_cast<long>(&arguments);
  register long size asm("x1") = sizeof arguments;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x0, %[argument]\n\t"
      "blr %[child]\n\t"
      "brk #1\n"
      "1:"
      : "+r"(result)
      : "r"(number), "r"(size), [child] "r"(child), [argument] "r"(argument)
      : "x30", "memory", "cc");
  return result;
#else
  static_cast<void>(arguments);
  static_cast<void>(child);
  static_cast<void>(argument);
  return -ENOSYS;
#endif
}

// Whether clone(2) would fail with this error, too.
bool is_shortage(long error) {
  return error == EAGAIN || error == ENOMEM;
}

}  // namespace

int clone_child(int (*child)(void*), void* argument, std::span<std::byte> stack, int group,
                volatile bool& in_group) {
  if (group >= 0) {
    in_group = true;
    CloneArguments arguments;
    arguments.stack = reinterpret_cast<std::uint64_t>(stack.data());
    arguments.stack_size = stack.size();
    arguments.cgroup = static_cast<std::uint64_t>(group);
    const long pid = clone3(arguments, child, argument);
    if (pid > 0) return static_cast<int>(pid);
    if (is_shortage(-pid)) {
      errno = static_cast<int>(-pid);
      return -1;
    }
    // The kernel is old (ENOSYS, E2BIG, EINVAL), a filter of system calls refuses clone3() (ENOSYS,
    // EPERM), or the group can't be entered: then the child tries to enter it and reports why.
  }
  in_group = false;
  return ::clone(child, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, argument);
}

}  // namespace thermos::coordinator
