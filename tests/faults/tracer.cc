#include "tracer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "system_calls.h"

namespace thermos::faults {
namespace {

// A lasting error goes away when it has been seen so often, or was there for so long.
constexpr int kLastingHits = 12;
constexpr std::chrono::milliseconds kLasting{1500};

constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
                          PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
constexpr int kCallStop = SIGTRAP | 0x80;

// The call that a tracee is at, and what it says of it.
struct Stop {
  bool entry = false;
  long number = 0;
  std::uint64_t instruction = 0;
  std::array<std::uint64_t, 6> arguments{};
};

#ifdef __x86_64__

bool read_stop(pid_t pid, Stop& stop) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return false;
  stop.entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
  stop.instruction = info.instruction_pointer;
  if (stop.entry) {
    stop.number = static_cast<long>(info.entry.nr);
    for (std::size_t i = 0; i < stop.arguments.size(); ++i) stop.arguments[i] = info.entry.args[i];
  }
  return true;
}

// The kernel then makes no call.
void skip_call(pid_t pid) {
  ::ptrace(PTRACE_POKEUSER, pid, offsetof(user_regs_struct, orig_rax), -1L);
}

void set_result(pid_t pid, long result) {
  ::ptrace(PTRACE_POKEUSER, pid, offsetof(user_regs_struct, rax), result);
}

void halve_count(pid_t pid, std::uint64_t count) {
  ::ptrace(PTRACE_POKEUSER, pid, offsetof(user_regs_struct, rdx), static_cast<long>(count / 2));
}

#else

bool read_stop(pid_t, Stop&) {
  return false;
}
void skip_call(pid_t) {}
void set_result(pid_t, long) {}
void halve_count(pid_t, std::uint64_t) {}

#endif

std::string text_at(pid_t pid, std::uint64_t address) {
  std::string text;
  for (; text.size() < PATH_MAX; address += sizeof(long)) {
    errno = 0;
    const long word = ::ptrace(PTRACE_PEEKDATA, pid, address, nullptr);
    if (errno != 0) return text;
    std::array<char, sizeof word> bytes{};
    std::memcpy(bytes.data(), &word, sizeof word);
    for (const char c : bytes) {
      if (c == '\0') return text;
      text += c;
    }
  }
  return text;
}

std::string link_target(const std::string& link) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  return size <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

std::string file_at(pid_t pid, std::uint64_t descriptor) {
  return link_target("/proc/" + std::to_string(pid) + "/fd/" +
                     std::to_string(static_cast<int>(descriptor)));
}

// "openat(/tmp/x/root/tasks/active/t)"
std::string describe(pid_t pid, const std::string& call, const Stop& stop) {
  std::string what;
  if (const int path = path_argument(call); path >= 0) {
    what = text_at(pid, stop.arguments[static_cast<std::size_t>(path)]);
  } else if (const int fd = descriptor_argument(call); fd >= 0) {
    const std::uint64_t number = stop.arguments[static_cast<std::size_t>(fd)];
    what = std::to_string(static_cast<int>(number)) + " " + file_at(pid, number);
  }
  return call + "(" + what + ")";
}

// Looking through all that runs on the machine: as many calls as that has processes. They have a
// name of their own, or the count of all others would depend on it.
bool is_of_any_process(const std::string& path) {
  constexpr std::string_view kProc = "/proc/";
  return path.starts_with(kProc) && path.ends_with("/stat") &&
         path.find_first_not_of("0123456789", kProc.size()) == path.size() - 5;
}

// What an open or moved descriptor means: only some kinds can fail in some ways.
std::string kind_of_file(const std::string& path) {
  if (is_of_any_process(path)) return kAnyProcess;
  if (path.starts_with("pipe:")) return "@pipe";
  if (path.starts_with("socket:")) return "@socket";
  // "anon_inode:inotify", "anon_inode:[eventfd]"
  constexpr std::string_view kAnonymous = "anon_inode:";
  if (!path.starts_with(kAnonymous)) return {};
  std::string kind = "@";
  for (const char c : path.substr(kAnonymous.size())) {
    if (c != '[' && c != ']') kind += c;
  }
  return kind;
}

std::string kind_of_open(const std::string& path, std::uint64_t flags) {
  if (is_of_any_process(path)) return kAnyProcess;
  if ((flags & O_CREAT) != 0) return "@create";
  return (flags & O_ACCMODE) == O_RDONLY ? "" : "@write";
}

std::string kind_of_control(std::uint64_t command) {
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return "@dup";
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
      return "@lock";
    default:
      return {};
  }
}

// The kernel says that the other end is gone only when it is, and both ends then hear of it.
void break_connection(pid_t pid, std::uint64_t descriptor) {
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  const int copy =
      static_cast<int>(::syscall(SYS_pidfd_getfd, process, static_cast<int>(descriptor), 0));
  if (copy >= 0) {
    ::shutdown(copy, SHUT_RDWR);
    ::close(copy);
  }
  if (process >= 0) ::close(process);
}

bool never_waits(pid_t pid, std::uint64_t descriptor, std::uint64_t flags) {
  if ((flags & MSG_DONTWAIT) != 0) return true;
  std::ifstream info("/proc/" + std::to_string(pid) + "/fdinfo/" +
                     std::to_string(static_cast<int>(descriptor)));
  for (std::string word; info >> word;) {
    unsigned opened = 0;
    if (word == "flags:" && info >> std::oct >> opened) return (opened & O_NONBLOCK) != 0;
  }
  return false;
}

std::string name_of_call(pid_t pid, const Stop& stop) {
  static const std::set<std::string> transfers = {"close", "read", "readv", "write", "writev"};
  static const std::map<std::string, std::size_t> flags_of = {
      {"sendto", 3}, {"recvfrom", 3}, {"sendmsg", 2}, {"recvmsg", 2}, {"accept4", 3}};
  std::string call = call_name(stop.number);
  const auto& arguments = stop.arguments;
  if (call == "openat") return call + kind_of_open(text_at(pid, arguments[1]), arguments[2]);
  if (call == "fcntl") return call + kind_of_control(arguments[1]);
  if (call == "newfstatat") return call + ((arguments[3] & AT_EMPTY_PATH) != 0 ? "@open" : "");
  if (const auto flags = flags_of.find(call); flags != flags_of.end()) {
    const bool accepts = call == "accept4";  // its flags are of what it makes
    const bool never = never_waits(pid, arguments[0], accepts ? 0 : arguments[flags->second]);
    return never ? call + kNeverWaits : call;
  }
  if (!transfers.contains(call)) return call;
  const bool output =
      call.starts_with("write") && (arguments[0] == STDOUT_FILENO || arguments[0] == STDERR_FILENO);
  if (output) return call + kOutput;
  const std::string kind = kind_of_file(file_at(pid, arguments[0]));
  const bool may_wait = kind == "@pipe" || kind == "@socket";
  const bool never = may_wait && call != "close" && never_waits(pid, arguments[0], 0);
  return call + kind + (never ? kNeverWaits : "");
}

std::string program_name(pid_t pid) {
  const std::string path = real::program_of(pid);
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

::testing::AssertionResult can_trace() {
#ifdef __x86_64__
  static const int error = [] {
    const pid_t child = ::fork();
    if (child == 0) {
      ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
  }();
  if (error == 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "no ptrace here: " << std::strerror(error);
#else
  return ::testing::AssertionFailure() << "made for x86_64 alone";
#endif
}

Tracer::Tracer(Role root, std::optional<Point> point) : root_role_(root), point_(std::move(point)) {
  EXPECT_EQ(::pipe2(gate_.data(), O_CLOEXEC), 0) << std::strerror(errno);
}

Tracer::~Tracer() {
  if (thread_.joinable()) thread_.join();
  for (const int end : gate_) {
    if (end >= 0) ::close(end);
  }
}

std::function<void()> Tracer::gate() {
  return [this] {
    char opened = 0;
    ::close(gate_[1]);
    while (::read(gate_[0], &opened, 1) < 0 && errno == EINTR) {
    }
  };
}

void Tracer::follow(const real::Command& program) {
  root_ = program.pid();
  thread_ = std::thread([this] { run(root_); });
}

Seen Tracer::finish() {
  thread_.join();
  return std::move(seen_);
}

// ---- the thread --------------------------------------------------------------------------------

void Tracer::run(pid_t root) {
  Tracee& first = tracees_[root];
  first.role = root_role_;
  first.known = true;
  first.fresh = false;
  if (::ptrace(PTRACE_SEIZE, root, nullptr, kOptions) != 0) {
    seen_.trouble = std::string("cannot follow it: ") + std::strerror(errno);
    tracees_.clear();
  }
  const char open = 1;
  if (::write(gate_[1], &open, 1) != 1) seen_.trouble = "cannot open the gate";
  // The threads of one process share their children; __WNOTHREAD leaves out all but what this
  // thread itself follows.
  while (!tracees_.empty() && !root_ended_) {
    siginfo_t info{};
    const int kinds = WEXITED | WSTOPPED | WNOWAIT | __WALL | __WNOTHREAD;
    if (::waitid(P_ALL, 0, &info, kinds) != 0) {
      if (errno == EINTR) continue;
      seen_.trouble = std::string("waitid: ") + std::strerror(errno);
      break;
    }
    const bool ended = info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED;
    if (info.si_pid == root && ended) {
      root_ended_ = true;  // its end itself is left for the one who started it
      break;
    }
    int status = 0;
    if (::waitpid(info.si_pid, &status, __WALL | __WNOTHREAD) == info.si_pid) {
      take_news(info.si_pid, status);
    }
  }
  tracees_.erase(root);
  let_all_go();
}

void Tracer::take_news(pid_t pid, int status) {
  if (!WIFSTOPPED(status)) {
    tracees_.erase(pid);
    return;
  }
  // One that is seen before its parent says that it was born stays where it is until then.
  Tracee& tracee = tracees_[pid];
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  if (event != 0) {
    on_event(pid, tracee, event, signal);
  } else if (signal == kCallStop) {
    on_call(pid, tracee);
  } else if (leaving_) {
    let_go(pid, signal);
  } else {
    resume(pid, signal);
  }
}

void Tracer::on_event(pid_t pid, Tracee& tracee, int event, int signal) {
  switch (event) {
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
      on_birth(pid, tracee);
      break;
    case PTRACE_EVENT_EXEC:
      if (!on_exec(pid, tracee)) return;
      break;
    case PTRACE_EVENT_STOP:
      if (tracee.fresh) {
        tracee.fresh = false;
        if (!tracee.known && !root_ended_) return;
      } else if (signal != SIGTRAP && !leaving_) {
        ::ptrace(PTRACE_LISTEN, pid, nullptr, nullptr);  // a stop that everybody sees
        return;
      }
      break;
    default:
      break;
  }
  if (leaving_) {
    let_go(pid, 0);
  } else {
    resume(pid, 0);
  }
}

void Tracer::on_birth(pid_t parent, const Tracee& tracee) {
  unsigned long born = 0;
  ::ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &born);
  const auto pid = static_cast<pid_t>(born);
  const bool waits = tracees_.contains(pid);
  Tracee& child = tracees_[pid];
  child.known = true;
  switch (tracee.role) {
    case Role::Runner:
    case Role::Daemon:
    case Role::Client:
      child.role = Role::Spawned;
      break;
    case Role::Server:
      child.role = Role::Coordinator;
      child.which = ++births_;
      break;
    default:
      child.role = Role::Shell;
      child.which = tracee.which;
      break;
  }
  if (!waits) return;
  if (leaving_) {
    let_go(pid, 0);
  } else {
    resume(pid, 0);
  }
}

bool Tracer::on_exec(pid_t pid, Tracee& tracee) {
  tracee.loader.reset();
  if (pid == root_) return true;
  if (program_name(pid) == "thermos-coordinator" && tracee.role == Role::Spawned) {
    tracee.role = Role::Server;
    return true;
  }
  let_go(pid, 0);
  return false;
}

// The calls by which the dynamic loader brings a program's libraries in are not the program's.
bool Tracer::loading(pid_t pid, Tracee& tracee, std::uint64_t instruction) const {
  if (!tracee.loader) {
    tracee.loader = {0, 0};
    std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
    for (std::string line; std::getline(maps, line);) {
      if (line.find("/ld-linux") == std::string::npos || line.find(" r-x") == std::string::npos) {
        continue;
      }
      std::istringstream range(line);
      char dash = 0;
      range >> std::hex >> tracee.loader->first >> dash >> tracee.loader->second;
    }
  }
  return instruction >= tracee.loader->first && instruction < tracee.loader->second;
}

void Tracer::on_call(pid_t pid, Tracee& tracee) {
  Stop stop;
  if (!read_stop(pid, stop)) {
    resume(pid, 0);
    return;
  }
  if (!stop.entry) {
    if (tracee.at_exit) apply(pid, tracee);
  } else if (!leaving_ && !loading(pid, tracee, stop.instruction)) {
    const Place place{tracee.role, tracee.which, name_of_call(pid, stop)};
    const int nth = ++seen_.calls[place];
    if (applies(place, nth)) {
      const Fault& fault = point_->fault;
      if (!seen_.reached) seen_.what = describe(pid, base_of(place.call), stop);
      const bool half = fault.kind == Fault::Kind::Short;
      if (half && (stop.arguments[2] < 2 || !file_at(pid, stop.arguments[0]).starts_with('/'))) {
        // Half of nothing, or of a message: that does not happen.
        leaving_ = true;
      } else {
        seen_.reached = true;
        if (fault.kind == Fault::Kind::Kill) {
          seen_.root_killed = pid == root_;
          leaving_ = true;
          ::kill(pid, SIGKILL);
          return;
        }
        if (half) {
          halve_count(pid, stop.arguments[2]);
          leaving_ = true;
        } else {
          tracee.at_exit = fault;
          if (fault.error == EPIPE || fault.error == ECONNRESET) {
            break_connection(pid, stop.arguments[0]);
          }
          // A close that fails has closed all the same.
          if (fault.kind == Fault::Kind::Error && base_of(place.call) != "close") skip_call(pid);
        }
      }
    }
  }
  if (leaving_ && !tracee.at_exit) {
    let_go(pid, 0);
  } else {
    resume(pid, 0);
  }
}

bool Tracer::applies(const Place& place, int nth) {
  if (!point_ || place != point_->place || nth < point_->nth) return false;
  const auto now = std::chrono::steady_clock::now();
  if (!first_hit_) first_hit_ = now;
  ++hits_;
  if (hits_ == 1) return true;
  if (hits_ <= kLastingHits && now < *first_hit_ + kLasting) return true;
  leaving_ = true;
  return false;
}

void Tracer::apply(pid_t pid, Tracee& tracee) {
  const Fault fault = *tracee.at_exit;
  tracee.at_exit.reset();
  if (fault.kind == Fault::Kind::KillAfter) {
    seen_.root_killed = pid == root_;
    leaving_ = true;
    ::kill(pid, SIGKILL);
    return;
  }
  set_result(pid, -static_cast<long>(fault.error));
  if (!fault.lasting) leaving_ = true;
}

void Tracer::resume(pid_t pid, int signal) {
  ::ptrace(PTRACE_SYSCALL, pid, nullptr, static_cast<long>(signal));
}

void Tracer::let_go(pid_t pid, int signal) {
  ::ptrace(PTRACE_DETACH, pid, nullptr, static_cast<long>(signal));
  tracees_.erase(pid);
}

// The program has ended: what it left goes on without us. One may wait for another of them (in
// vfork), so they are asked in turn; and only by name, or the program's own end would come up
// again and again.
void Tracer::let_all_go() {
  leaving_ = true;
  const auto all = [this] {
    std::vector<pid_t> pids;
    for (const auto& [pid, tracee] : tracees_) pids.push_back(pid);
    return pids;
  };
  for (const pid_t pid : all()) {
    const Tracee& tracee = tracees_[pid];
    if (!tracee.known && !tracee.fresh) {
      let_go(pid, 0);  // it waits for a parent that can't say anything any more
    } else {
      ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
    }
  }
  while (!tracees_.empty()) {
    bool news = false;
    for (const pid_t pid : all()) {
      int status = 0;
      const pid_t got = ::waitpid(pid, &status, WNOHANG | __WALL | __WNOTHREAD);
      if (got == 0) continue;
      news = true;
      if (got < 0) {
        tracees_.erase(pid);
      } else {
        take_news(pid, status);
      }
    }
    if (!news) ::poll(nullptr, 0, 1);
  }
}

}  // namespace thermos::faults
