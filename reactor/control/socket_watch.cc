#include "reactor/control/socket_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <string_view>

#include "reactor/os/clocks.h"

namespace thermos {

SocketWatch::SocketWatch(const std::string& path)
    : directory_("."), name_(path), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (const std::size_t slash = path.rfind('/'); slash != std::string::npos) {
    directory_ = path.substr(0, slash + 1);
    name_ = path.substr(slash + 1);
  }
  watch();
}

bool SocketWatch::watch() {
  watches_ = inotify_ && inotify_add_watch(inotify_.get(), directory_.c_str(),
                                           IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR) >= 0;
  return watches_;
}

bool SocketWatch::wait(Microseconds until) {
  // What came before the directory was watched is not told.
  if (!watches_ && watch()) return true;
  pollfd entry{inotify_.get(), POLLIN, 0};
  for (;;) {
    const Microseconds left = std::max<Microseconds>(0, until - read_clocks().boot);
    const Microseconds wait = std::min<Microseconds>((left + 999) / 1000, INT_MAX);
    const int ready = poll(&entry, 1, static_cast<int>(wait));
    if (ready == 0 && left == 0) return false;
    if (ready > 0 && take_events()) return true;
  }
}

bool SocketWatch::take_events() {
  bool concerns = false;
  alignas(inotify_event) std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = read(inotify_.get(), buffer.data(), buffer.size());
    if (got <= 0) return concerns;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      if ((event->mask & IN_IGNORED) != 0) watches_ = false;
      concerns = concerns || (event->mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0 ||
                 (event->len > 0 && name_ == std::string_view(event->name));
    }
  }
}

}  // namespace thermos
