#include "reactor/loop/inotify.h"

#include <sys/inotify.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

namespace thermos {

const std::uint32_t Inotify::kContents = IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE;
const std::uint32_t Inotify::kNames = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

Inotify::Inotify(Loop& loop, bool enabled) {
  if (!enabled) return;
  fd_.reset(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd_) {
    spdlog::warn("no inotify ({}): RUNNING will be seen late; raise fs.inotify.max_user_instances",
                 std::strerror(errno));
    return;
  }
  poll_ = std::make_unique<Poll>(loop, fd_.get(), [this](int) { drain(); });
}

Result<int> Inotify::watch(const std::string& directory, Watcher watcher, std::uint32_t what) {
  if (!fd_) return -1;
  const int wd =
      inotify_add_watch(fd_.get(), directory.c_str(), what | IN_DELETE_SELF | IN_ONLYDIR);
  if (wd < 0) {
    const std::string hint =
        errno == ENOSPC ? ": raise fs.inotify.max_user_watches" : std::string{};
    return Error{ErrorCode::System,
                 "cannot watch " + directory + ": " + std::strerror(errno) + hint};
  }
  watchers_[wd] = std::move(watcher);
  return wd;
}

void Inotify::unwatch(int watch) {
  if (watch < 0 || watchers_.erase(watch) == 0) return;
  inotify_rm_watch(fd_.get(), watch);
}

void Inotify::drain() {
  alignas(inotify_event) char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = read(fd_.get(), buffer, sizeof buffer);
    if (got <= 0) return;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        // uv_fs_event drops this event silently.
        spdlog::info("inotify events were lost; reading every stream again");
        std::vector<std::function<void()>> all;
        for (const auto& [wd, watcher] : watchers_) all.push_back(watcher.on_overflow);
        for (const auto& call : all) call();
        continue;
      }
      const auto it = watchers_.find(event->wd);
      if (it == watchers_.end()) continue;
      const auto call = it->second.on_event;  // a copy, because the callback may call unwatch()
      call(event->len > 0 ? std::string_view(event->name) : std::string_view{}, event->mask);
    }
  }
}

}  // namespace thermos
