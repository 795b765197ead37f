#include "reactor/daemon/systemd_notify.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "reactor/daemon/control_socket.h"
#include "reactor/loop/loop.h"

namespace thermos {
namespace {

constexpr const char* kListenerName = "control";

// Compares stderr with the variable, because stderr may have been redirected since the variable was
// set.
bool stderr_is_the_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  if (stream == nullptr || fstat(STDERR_FILENO, &info) != 0) return false;
  return stream == std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

Microseconds monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<Microseconds>(now.tv_sec) * kSecond + now.tv_nsec / 1000;
}

}  // namespace

void ServiceLink::ready(std::size_t active_tasks) {
  sd_notifyf(0, "READY=1\nSTATUS=%zu active tasks", active_tasks);
  if (std::exchange(told_ready_, true)) return;
  std::uint64_t limit = 0;
  if (sd_watchdog_enabled(0, &limit) <= 0) return;
  watchdog_ = static_cast<Microseconds>(limit / 2);
  feed_watchdog();
}

void ServiceLink::reloading() {
  // systemd tells this reload from the previous one by the time.
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", static_cast<long long>(monotonic_now()));
}

void ServiceLink::stopping() {
  sd_notify(0, "STOPPING=1");
}

void ServiceLink::say_active(std::size_t tasks) {
  if (told_ready_) sd_notifyf(0, "STATUS=%zu active tasks", tasks);
}

// Only the loop feeds the watchdog, because the watchdog is to notice a loop that hangs.
void ServiceLink::feed_watchdog() {
  sd_notify(0, "WATCHDOG=1");
  reactor_.deadlines().add(reactor_.loop().now().boot + watchdog_, [this] { feed_watchdog(); });
}

bool service_keeps_listener() {
  return std::getenv("NOTIFY_SOCKET") != nullptr;
}

Descriptor kept_listener(const std::string& path) {
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  Descriptor found;
  for (int i = 0; i < count; ++i) {
    Descriptor kept(SD_LISTEN_FDS_START + i);
    sockaddr_un address{};
    socklen_t size = sizeof address;
    struct stat info {};
    // Clients can't connect to a socket for another path, or whose path was removed.
    if (!found && std::strcmp(names[i], kListenerName) == 0 &&
        sd_is_socket(kept.get(), AF_UNIX, SOCK_STREAM, 1) > 0 &&
        getsockname(kept.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
        is_bound_for(address.sun_path, path) && lstat(path.c_str(), &info) == 0 &&
        S_ISSOCK(info.st_mode)) {
      found = std::move(kept);
    }
  }
  for (int i = 0; i < count; ++i) std::free(names[i]);
  std::free(names);
  return found;
}

void keep_listener(int socket) {
  // Removes the old socket first: systemd would hand back both sockets of one name.
  sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", kListenerName);
  const std::string state = std::string("FDSTORE=1\nFDNAME=") + kListenerName;
  sd_pid_notify_with_fds(0, 0, state.c_str(), &socket, 1);
}

std::string log_pattern() {
  return stderr_is_the_journal() ? "%Q%v" : "thermos-reactor: %l: %v";
}

}  // namespace thermos
