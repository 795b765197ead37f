#include "waiting.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>

namespace thermos::real {
namespace {

constexpr int kLimit = 120'000;  // milliseconds

using Clock = std::chrono::steady_clock;

int left_until(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

bool poll_for(int fd, int milliseconds) {
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  pollfd entry{fd, POLLIN, 0};
  int got = 0;
  do {
    got = ::poll(&entry, 1, milliseconds < 0 ? -1 : left_until(end));
  } while (got < 0 && errno == EINTR);
  return got > 0;
}

char state_of(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto close = text.rfind(')');
  return close == std::string::npos || close + 2 >= text.size() ? '\0' : text[close + 2];
}

std::string command_line(pid_t pid) {
  std::string text = read_file("/proc/" + std::to_string(pid) + "/cmdline");
  for (char& c : text) {
    if (c == '\0') c = ' ';
  }
  return text;
}

}  // namespace

Watched::Watched(pid_t pid) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

Watched::~Watched() {
  if (fd_ >= 0) ::close(fd_);
}

Watched::Watched(Watched&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Watched& Watched::operator=(Watched&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

bool Watched::ends_within(int milliseconds) const {
  return fd_ < 0 || poll_for(fd_, milliseconds);
}

bool Watched::signal(int number) const {
  return fd_ >= 0 && ::syscall(SYS_pidfd_send_signal, fd_, number, nullptr, 0) == 0;
}

// Not by a stream: a process that ends while its file in /proc is read makes that fail with ESRCH,
// which a stream's buffer throws. What is gone has no text.
std::string read_file(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  std::array<char, 65536> part{};
  for (ssize_t got = 0; (got = ::read(fd, part.data(), part.size())) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  return text;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

::testing::AssertionResult wait_until(const std::string& directory,
                                      const std::function<bool()>& done) {
  if (!exists(directory)) {
    auto came =
        wait_until(directory.substr(0, directory.rfind('/')), [&] { return exists(directory); });
    if (!came) return came;
  }
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0 || ::inotify_add_watch(fd, directory.c_str(),
                                    IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO |
                                        IN_MOVED_FROM | IN_DELETE) < 0) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    return ::testing::AssertionFailure() << "cannot watch " << directory << ": " << why;
  }
  auto end = Clock::now() + std::chrono::milliseconds(kLimit);
  // Asked once more after each event: what happened before the watch stood is seen by the first.
  bool is_done = done();
  while (!is_done && poll_for(fd, left_until(end))) {
    alignas(inotify_event) std::array<char, 16384> events{};
    while (::read(fd, events.data(), events.size()) > 0) {
    }
    // As long as something happens, it is slow, and does not hang.
    end = Clock::now() + std::chrono::milliseconds(kLimit);
    is_done = done();
  }
  ::close(fd);
  if (is_done) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "what was waited for in " << directory << " did not come";
}

::testing::AssertionResult wait_for_file(const std::string& path) {
  auto came = wait_until(path.substr(0, path.rfind('/')), [&] { return exists(path); });
  return came ? came : came << ": " << path;
}

::testing::AssertionResult wait_for_text(const std::string& path, const std::string& text) {
  auto came = wait_until(path.substr(0, path.rfind('/')),
                         [&] { return read_file(path).find(text) != std::string::npos; });
  return came ? came : came << ": '" << text << "' in " << path << ": " << read_file(path);
}

std::vector<pid_t> pids_in(const std::string& path, std::size_t count) {
  std::vector<pid_t> pids;
  EXPECT_TRUE(wait_until(path.substr(0, path.rfind('/')), [&] {
    const std::string text = read_file(path);
    pids.clear();
    // The last line may still be on its way.
    std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
    for (pid_t pid = 0; lines >> pid;) pids.push_back(pid);
    return !text.empty() && text.find('\n') != std::string::npos && pids.size() >= count;
  })) << path;
  return pids;
}

pid_t pid_in(const std::string& path) {
  const std::vector<pid_t> pids = pids_in(path, 1);
  return pids.empty() ? 0 : pids.front();
}

bool alive(pid_t pid) {
  const char state = state_of(pid);
  return state != '\0' && state != 'Z' && state != 'X';
}

::testing::AssertionResult stops(pid_t pid) {
  const auto end = Clock::now() + std::chrono::milliseconds(kLimit);
  // Nobody is told of this but its parent; it is a matter of microseconds.
  while (Clock::now() < end) {
    const char state = state_of(pid);
    if (state == 'T' || state == 't') return ::testing::AssertionSuccess();
    ::sched_yield();
  }
  return ::testing::AssertionFailure() << "pid " << pid << " is not stopped: " << state_of(pid);
}

::testing::AssertionResult ends(pid_t pid) {
  if (!alive(pid)) return ::testing::AssertionSuccess();
  const Watched watched(pid);
  if (watched.ends_within(kLimit)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "pid " << pid << " lives on: " << command_line(pid);
}

std::string command_name(pid_t pid) {
  std::string name = read_file("/proc/" + std::to_string(pid) + "/comm");
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

std::string program_of(pid_t pid) {
  std::array<char, 4096> target{};
  const std::string link = "/proc/" + std::to_string(pid) + "/exe";
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  return length <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(length));
}

std::vector<pid_t> children_of(pid_t pid) {
  const std::string number = std::to_string(pid);
  std::istringstream list(read_file("/proc/" + number + "/task/" + number + "/children"));
  return {std::istream_iterator<pid_t>(list), {}};
}

std::map<int, std::string> descriptors_of(pid_t pid) {
  std::map<int, std::string> all;
  std::error_code gone;
  for (std::filesystem::directory_iterator entry("/proc/" + std::to_string(pid) + "/fd", gone), end;
       entry != end; entry.increment(gone)) {
    std::error_code closed;
    std::string target = std::filesystem::read_symlink(entry->path(), closed);
    if (!closed) all[std::stoi(entry->path().filename())] = std::move(target);
  }
  return all;
}

void reap_orphans(pid_t runner) {
  for (const pid_t child : children_of(::getpid())) {
    if (child != runner && !alive(child)) ::waitpid(child, nullptr, __WALL | WNOHANG);
  }
}

::testing::AssertionResult nothing_outlives() {
  std::string names;
  const auto end = Clock::now() + std::chrono::milliseconds(kLimit / 4);
  for (;;) {
    const std::vector<pid_t> children = children_of(::getpid());
    if (children.empty()) break;
    for (const pid_t child : children) {
      const Watched watched(child);
      if (!watched.ends_within(left_until(end))) {
        names += "\n  " + std::to_string(child) + " " + command_line(child);
        ::kill(child, SIGKILL);
      }
      ::waitpid(child, nullptr, __WALL);
    }
  }
  if (names.empty()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "processes outlive the test:" << names;
}

}  // namespace thermos::real
