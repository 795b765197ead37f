// Lets many clients listen to an observer, and tells how late they hear of what happens.
//   observe_load ROOT SOCKET WATCHERS PROCESSES RATE SECONDS
// Puts a task of PROCESSES into the root and writes RATE records a second of it, each by itself.
// Each of WATCHERS clients at the observer's SOCKET reads the stream of events. Prints a line: how
// many events were heard, milliseconds from before a record's write to its event (p50, p99, most),
// and the observer's processor time and resident memory. Fails if a record is missed.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "bench/program_cost.h"
#include "bench/scripted_task.h"
#include "reactor/os/clocks.h"

namespace {

using Clock = std::chrono::steady_clock;
using thermos::bench::Cost;
using thermos::bench::cost_of;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "observe_load: %s\n", why.c_str());
  std::exit(1);
}

// One client of the stream of events, that counts the records of processes in it.
class Watcher {
 public:
  explicit Watcher(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      give_up("can't connect to " + path);
    }
    const std::string_view request = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0) give_up("can't ask");
    while (text_.find("event: hello") == std::string::npos) read();
    text_.clear();
  }

  int fd() const { return fd_; }
  pid_t peer() const {
    ucred peer{};
    socklen_t size = sizeof peer;
    ::getsockopt(fd_, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    return peer.pid;
  }
  std::size_t records() const { return records_; }

  // Reads what is there, and counts on. Returns whether records came.
  bool hear() {
    constexpr std::string_view kRecord = R"("kind":"process")";
    const std::size_t before = records_;
    read();
    if (text_.find("event: reset") != std::string::npos) give_up("a watcher is too slow");
    std::size_t from = 0;
    for (std::size_t at = 0; (at = text_.find(kRecord, from)) != std::string::npos; ++records_) {
      from = at + kRecord.size();
    }
    // The beginning of one may be there, with the rest to come.
    text_.erase(0, std::max(from, text_.size() - std::min(text_.size(), kRecord.size() - 1)));
    return records_ != before;
  }

 private:
  void read() {
    std::array<char, 65536> room{};
    const ssize_t got = ::recv(fd_, room.data(), room.size(), 0);
    if (got <= 0 && errno != EINTR) give_up("the observer has closed a stream");
    if (got > 0) text_.append(room.data(), static_cast<std::size_t>(got));
  }

  int fd_;
  std::string text_;
  std::size_t records_ = 0;
};

class Load {
 public:
  Load(const std::string& root, const std::string& socket, std::size_t watchers,
       std::uint32_t processes)
      : task_(thermos::Paths(root), "watched", std::max(1U, processes / 100),
              std::min(100U, processes), thermos::read_clocks().wall) {
    for (std::size_t i = 0; i < watchers; ++i) {
      watchers_.emplace_back(socket);
      polled_.push_back({watchers_.back().fd(), POLLIN, 0});
    }
    observer_ = watchers_.front().peer();
  }

  void run(double rate, std::size_t count) {
    if (count > task_.transitions()) give_up("the task has no more records than four a process");
    const Cost before = cost_of(observer_);
    const Clock::time_point begun = Clock::now();
    const auto due = [&](std::size_t number) {
      return begun + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(static_cast<double>(number) / rate));
    };
    while (heard_ < count * watchers_.size()) {
      while (written_.size() < count && Clock::now() >= due(written_.size())) {
        written_.push_back(Clock::now());
        task_.write();
      }
      wait(written_.size() < count ? due(written_.size())
                                   : Clock::now() + std::chrono::seconds(10));
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    print(before, seconds);
  }

 private:
  void wait(Clock::time_point until) {
    const auto left = std::max(until - Clock::now(), Clock::duration::zero());
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec time{whole.count(),
                        std::chrono::duration_cast<std::chrono::nanoseconds>(left - whole).count()};
    const int ready = ::ppoll(polled_.data(), polled_.size(), &time, nullptr);
    if (ready == 0 && heard_ < written_.size() * watchers_.size() &&
        left > std::chrono::seconds(5)) {
      give_up("an event is missing");
    }
    for (std::size_t i = 0; ready > 0 && i < watchers_.size(); ++i) {
      if (polled_[i].revents == 0) continue;
      const std::size_t from = watchers_[i].records();
      watchers_[i].hear();
      const Clock::time_point now = Clock::now();
      for (std::size_t record = from; record < watchers_[i].records(); ++record, ++heard_) {
        late_.push_back(
            std::chrono::duration<double, std::milli>(now - written_.at(record)).count());
      }
    }
  }

  void print(const Cost& before, double seconds) {
    const Cost cost = cost_of(observer_);
    std::sort(late_.begin(), late_.end());
    std::printf("%9zu %10zu %8.2f %8.2f %8.2f %8.1f %% %10ld\n", watchers_.size(), late_.size(),
                late_[late_.size() / 2], late_[late_.size() * 99 / 100], late_.back(),
                100 * (cost.seconds - before.seconds) / seconds, cost.kibibytes);
  }

  thermos::bench::ScriptedTask task_;
  std::vector<Watcher> watchers_;
  std::vector<pollfd> polled_;
  pid_t observer_ = 0;
  std::vector<Clock::time_point> written_;
  std::vector<double> late_;
  std::size_t heard_ = 0;
};

}  // namespace

int main(int count, char** words) {
  if (count != 7) {
    std::fprintf(stderr, "usage: observe_load ROOT SOCKET WATCHERS PROCESSES RATE SECONDS\n");
    return 64;
  }
  const std::vector<std::string> arguments(words, words + count);
  const auto number = [&](std::size_t index) { return std::stoul(arguments.at(index)); };
  Load load(arguments[1], arguments[2], number(3), static_cast<std::uint32_t>(number(4)));
  load.run(static_cast<double>(number(5)), number(5) * number(6));
  return 0;
}
