#include "reactor/loop/inotify.h"

#include <sys/inotify.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "reactor/os/counters.h"
#include "reactor/os/errors.h"

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
    Error error = system_error("cannot watch " + directory, errno);
    if (error.cause == ENOSPC) error.message += ": raise fs.inotify.max_user_watches";
    return error;
  }
  watchers_[wd] = std::move(watcher);
  return wd;
}

void Inotify::unwatch(int watch) {
  if (watch < 0 || watchers_.erase(watch) == 0) return;
  inotify_rm_watch(fd_.get(), watch);
}

namespace {

constexpr std::uint32_t kWritten = IN_MODIFY | IN_CLOSE_WRITE;

bool is_write(const inotify_event& event) {
  return (event.mask & ~kWritten) == 0;
}

std::string_view name_of(const inotify_event& event) {
  return event.len > 0 ? std::string_view(event.name) : std::string_view{};
}

template <typename Take>
void for_each_event(std::span<const char> bytes, const Take& take) {
  while (!bytes.empty()) {
    const auto* event = reinterpret_cast<const inotify_event*>(bytes.data());
    bytes = bytes.subspan(sizeof(inotify_event) + event->len);
    take(*event);
  }
}

}  // namespace

// Reads once: events that are left, or come meanwhile, make the descriptor readable again.
void Inotify::drain() {
  alignas(inotify_event) char buffer[64 * 1024];
  const ssize_t got = read(fd_.get(), buffer, sizeof buffer);
  if (got <= 0) return;
  const std::span events(buffer, static_cast<std::size_t>(got));
  // A watcher that reads a file at its first write sees the other writes too, so all are reported
  // as one.
  std::map<std::pair<int, std::string_view>, std::uint32_t> writes;
  for_each_event(events, [&](const inotify_event& event) {
    if (is_write(event)) writes[{event.wd, name_of(event)}] |= event.mask;
  });
  for_each_event(events, [&](const inotify_event& event) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      ++counters().inotify_overflows;
      tell_overflow();
      return;
    }
    std::uint32_t mask = event.mask;
    if (is_write(event)) mask = std::exchange(writes[{event.wd, name_of(event)}], 0);
    const auto it = watchers_.find(event.wd);
    if (mask == 0 || it == watchers_.end()) return;
    const auto call = it->second.on_event;  // a copy, because the callback may call unwatch()
    call(name_of(event), mask);
  });
}

void Inotify::tell_overflow() {
  // uv_fs_event drops this event silently.
  spdlog::info("inotify events were lost; reading every stream again");
  std::vector<std::function<void()>> all;
  for (const auto& [wd, watcher] : watchers_) all.push_back(watcher.on_overflow);
  for (const auto& call : all) call();
}

}  // namespace thermos
