#include "coordinator/notify_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <limits>

namespace thermos::coordinator {
namespace {

constexpr std::string_view kVariable = "NOTIFY_SOCKET=@";
// SCM_MAX_FD: more descriptors than that can't be sent in one message.
constexpr std::size_t kMostDescriptors = 253;

std::optional<Microseconds> read_time(std::string_view text) {
  std::uint64_t time = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Microseconds>::max());
  return static_cast<Microseconds>(time < kMost ? time : kMost);
}

}  // namespace

Notice parse_notice(std::string_view message) {
  Notice notice;
  while (!message.empty()) {
    const std::size_t end = message.find('\n');
    const std::string_view line = message.substr(0, end);
    message.remove_prefix(end == std::string_view::npos ? message.size() : end + 1);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (name == "READY") notice.ready = value == "1";
    if (name == "STOPPING") notice.stopping = value == "1";
    if (name == "STATUS") notice.status = value;
    if (name == "WATCHDOG") {
      notice.alive = value == "1";
      notice.trigger = value == "trigger";
    }
    if (name == "EXTEND_TIMEOUT_USEC") notice.extension = read_time(value);
    if (name == "WATCHDOG_USEC") notice.new_watchdog = read_time(value);
  }
  return notice;
}

bool NotifySocket::open() {
  if (fd_ >= 0) return true;
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socklen_t size = sizeof address.sun_family;  // no name: the kernel chooses one
  const int on = 1;
  bool good = ::setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 &&
              ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0;
  size = sizeof address;
  good = good && ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         ::fcntl(fd, F_SETOWN, ::getpid()) == 0 && ::fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC) == 0;
  const std::size_t name = size - offsetof(sockaddr_un, sun_path);
  if (!good || name < 2 || kVariable.size() + name > sizeof variable_) {
    const int error_number = errno;
    ::close(fd);
    errno = error_number;
    return false;
  }
  // The NUL that an abstract name begins with is written as '@'.
  std::memcpy(variable_, kVariable.data(), kVariable.size());
  std::memcpy(variable_ + kVariable.size(), address.sun_path + 1, name - 1);
  variable_[kVariable.size() + name - 1] = '\0';
  fd_ = fd;
  return true;
}

std::optional<std::string_view> NotifySocket::receive(std::span<char> room, Sender& sender) const {
  alignas(
      cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(kMostDescriptors * sizeof(int))];
  for (;;) {
    iovec part{room.data(), room.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC);
    if (size < 0 && errno == EINTR) continue;
    // Each message comes with its sender; only the end of a socket that is shut comes without.
    if (size < 0 || (size == 0 && message.msg_controllen == 0)) return std::nullopt;
    sender = {};
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_SOCKET) continue;
      if (c->cmsg_type == SCM_CREDENTIALS) {
        ucred from{};
        std::memcpy(&from, CMSG_DATA(c), sizeof from);
        sender = {from.pid, from.uid};
      } else if (c->cmsg_type == SCM_RIGHTS) {
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
          int descriptor = -1;
          std::memcpy(&descriptor, CMSG_DATA(c) + i * sizeof(int), sizeof descriptor);
          ::close(descriptor);
        }
      }
    }
    if ((message.msg_flags & MSG_TRUNC) != 0) continue;
    return std::string_view(room.data(), static_cast<std::size_t>(size));
  }
}

bool NotifySocket::shut() const {
  return ::shutdown(fd_, SHUT_RD) == 0;
}

}  // namespace thermos::coordinator
