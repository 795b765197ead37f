#include "coordinator/kernel.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <ctime>

#include "coordinator/line_buffer.h"

namespace thermos::coordinator {
namespace {

constexpr int kSignals = 64;
// The kernel's signal set, because sigfillset() leaves out the two signals that the C library uses.
using KernelSignals = std::uint64_t;

Microseconds read_clock(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return Microseconds{t.tv_sec} * kSecond + t.tv_nsec / 1000;
}

// Removes the next field from `rest` and returns it.
std::string_view field(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

template <typename Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t next;
  std::uint16_t size;
  std::uint8_t type;
  char name[1];
};

}  // namespace

void hold_all_signals() {
  // All zero: SIG_DFL, no flags, an empty mask. The raw system call is used because the program
  // that started the runner may have ignored the C library's two signals, and the process that we
  // start would inherit that.
  const std::array<std::uint64_t, 8> standard{};
  for (int signal = 1; signal <= kSignals; ++signal) {
    ::syscall(SYS_rt_sigaction, signal, standard.data(), nullptr, sizeof(KernelSignals));
  }
  const KernelSignals all = ~KernelSignals{0};
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, sizeof all);
}

std::optional<Signal> wait_signal(std::optional<Microseconds> timeout) {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int signal : kSignalsTaken) ::sigaddset(&wanted, signal);
  for (;;) {
    timespec left{};
    if (timeout) {
      left.tv_sec = static_cast<time_t>(*timeout / kSecond);
      left.tv_nsec = static_cast<long>(*timeout % kSecond) * 1000;
    }
    siginfo_t info{};
    const int number = ::sigtimedwait(&wanted, &info, timeout ? &left : nullptr);
    if (number > 0) {
      const bool queued = info.si_code == SI_QUEUE;
      return Signal{number, info.si_code == SI_USER || queued ? info.si_pid : 0,
                    queued ? info.si_value.sival_int : 0};
    }
    // A stop and a continue give EINTR. With a timeout, EINTR counts as its end: every caller looks
    // at the clock.
    if (timeout) return std::nullopt;
  }
}

Timestamp read_clocks() {
  return {read_clock(CLOCK_REALTIME), read_clock(CLOCK_BOOTTIME)};
}

Microseconds monotonic() {
  return read_clock(CLOCK_MONOTONIC);
}

std::optional<StatLine> parse_stat(std::string_view line) {
  // The last parenthesis ends the name, which may contain others.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 >= line.size()) return std::nullopt;
  std::string_view rest = line.substr(name_end + 2);
  StatLine stat;
  stat.state = rest.front();
  field(rest);
  if (!parse(field(rest), stat.parent)) return std::nullopt;
  for (int skipped = 5; skipped < 22; ++skipped) field(rest);
  if (!parse(field(rest), stat.ticks)) return std::nullopt;
  return stat;
}

std::optional<StatLine> read_stat(std::int32_t pid) {
  LineBuffer path;
  path.add("/proc/").add(std::int64_t{pid}).add("/stat");
  std::array<char, 1024> room;
  return parse_stat(read_small(AT_FDCWD, path.c_str(), room));
}

bool is_engine(std::int32_t pid) {
  LineBuffer path;
  path.add("/proc/").add(std::int64_t{pid}).add("/comm");
  std::array<char, 32> room;
  const std::string_view name = read_small(AT_FDCWD, path.c_str(), room);
  // Our programs take that name even if they were started under another
  // (reactor/os/first_process.h).
  if (pid == 1) return !name.starts_with("thermos");
  if (name == "slurmstepd\n" || name == "sge_shepherd\n") return true;
  const auto stat = read_stat(pid);
  return name == "systemd\n" && stat && stat->parent == 1;
}

std::string_view read_small(int directory, const char* name, std::span<char> room) {
  const int file = ::openat(directory, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t size = ::read(file, room.data(), room.size());
  ::close(file);
  return {room.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::uint64_t start_ticks(std::int32_t pid) {
  const auto stat = read_stat(pid);
  return stat ? stat->ticks : 0;
}

void kill_children() {
  const int fd = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return kill_children_by_scan();
  std::array<char, 1024> part;
  std::int32_t pid = 0;  // the end of a part may cut a number in two
  for (ssize_t size = 0; (size = ::read(fd, part.data(), part.size())) > 0;) {
    for (ssize_t i = 0; i < size; ++i) {
      const char c = part[static_cast<std::size_t>(i)];
      if (c >= '0' && c <= '9') {
        pid = pid * 10 + (c - '0');
      } else {
        if (pid > 1) ::kill(pid, SIGKILL);
        pid = 0;
      }
    }
  }
  if (pid > 1) ::kill(pid, SIGKILL);
  ::close(fd);
}

void kill_children_by_scan() {
  const int fd = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  const std::int32_t self = ::getpid();
  // The raw system call is used because opendir() allocates.
  alignas(8) std::array<char, 2048> entries;
  for (long size = 0; (size = ::syscall(SYS_getdents64, fd, entries.data(), entries.size())) > 0;) {
    for (long at = 0; at < size;) {
      const char* entry = entries.data() + at;
      std::uint16_t length = 0;
      std::memcpy(&length, entry + offsetof(DirectoryEntry, size), sizeof length);
      at += length;
      std::int32_t pid = 0;
      if (!parse(std::string_view(entry + offsetof(DirectoryEntry, name)), pid) || pid <= 1)
        continue;
      const auto stat = read_stat(pid);
      if (stat && stat->parent == self) ::kill(pid, SIGKILL);
    }
  }
  ::close(fd);
}

}  // namespace thermos::coordinator
