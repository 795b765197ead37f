#include "reactor/host/leadership_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <string_view>

#include "reactor/host/leader_packet.h"
#include "reactor/os/clocks.h"
#include "reactor/os/pidfd.h"

namespace thermos {

LeadershipWatch::LeadershipWatch(const Paths& paths, const std::string& task_id)
    : task_id_(task_id), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!inotify_) return;
  checkpoints_ =
      inotify_add_watch(inotify_.get(), paths.checkpoint_dir(task_id).c_str(),
                        IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR);
  inotify_add_watch(inotify_.get(), paths.active_dir().c_str(),
                    IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
}

bool LeadershipWatch::wait(const std::optional<Identity>& leader, Microseconds until) {
  // A leader that is already gone has closed the stream, so no pidfd is needed.
  const auto pidfd = leader ? open_pidfd(*leader) : std::nullopt;
  std::array<pollfd, 2> watched{
      {{inotify_.get(), POLLIN, 0}, {pidfd ? pidfd->get() : -1, POLLIN, 0}}};
  for (;;) {
    const Microseconds left = std::max<Microseconds>(0, until - read_clocks().boot);
    const Microseconds wait = std::min<Microseconds>((left + 999) / 1000, INT_MAX);
    const int ready = poll(watched.data(), watched.size(), static_cast<int>(wait));
    if (ready == 0 && left == 0) return false;
    if (ready <= 0) continue;  // interrupted by a signal, or poll() returned a little early
    if (take_events() || watched[1].revents != 0) return true;
  }
}

void LeadershipWatch::forget() {
  take_events();
}

bool LeadershipWatch::take_events() {
  bool concerns = false;
  alignas(inotify_event) std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = read(inotify_.get(), buffer.data(), buffer.size());
    if (got <= 0) return concerns;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      const std::string_view name = event->len > 0 ? event->name : "";
      const bool in_checkpoints = event->wd == checkpoints_;
      const bool closed = (event->mask & IN_CLOSE_WRITE) != 0;
      concerns =
          concerns || (event->mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0 ||
          (in_checkpoints ? name == (closed ? "runner" : kLeaderSocketName) : name == task_id_);
    }
  }
}

}  // namespace thermos
