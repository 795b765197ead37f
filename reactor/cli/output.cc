#include "reactor/cli/output.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>

#include "reactor/cli/terminal_text.h"

namespace thermos {
namespace {

constexpr std::size_t kMaxBacklog = std::size_t{1} << 20;

}  // namespace

void Output::write(std::string_view text) {
  if (closed_) return;
  if (queue_.size() + text.size() > kMaxBacklog) flush(false);
  // A single text may exceed the limit (a table of ten thousand tasks).
  if (!queue_.empty() && queue_.size() + text.size() > kMaxBacklog) {
    ++dropped_;
    return;
  }
  if (dropped_ > 0) {
    queue_ += "... " + std::to_string(dropped_) + " lines not shown: nobody was reading\n";
    dropped_ = 0;
  }
  queue_ += text;
  flush(false);
}

void Output::flush(bool wait) {
  std::size_t done = 0;
  while (done < queue_.size() && !closed_) {
    pollfd ready{fd_, POLLOUT, 0};
    const int polled = ::poll(&ready, 1, wait ? -1 : 0);
    if (polled < 0 && errno == EINTR) continue;
    if (polled == 0) break;
    // A pipe that polls as writable accepts PIPE_BUF bytes without blocking, but perhaps no more
    // (pipe(7)). O_NONBLOCK is not used, because it applies to all programs that share the
    // terminal.
    const std::size_t size = std::min<std::size_t>(queue_.size() - done, PIPE_BUF);
    const ssize_t wrote = ::write(fd_, queue_.data() + done, size);
    if (wrote >= 0) {
      done += static_cast<std::size_t>(wrote);
    } else if (errno == EAGAIN) {
      if (!wait) break;
    } else if (errno != EINTR) {
      if (errno != EPIPE) error_ = errno;
      closed_ = true;
    }
  }
  if (closed_) {
    queue_.clear();
  } else {
    queue_.erase(0, done);
  }
}

bool Output::terminal() const {
  return ::isatty(fd_) == 1;
}

std::size_t Output::columns() const {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  if (::ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* said = std::getenv("COLUMNS");
  if (said == nullptr) return kUsual;
  const std::string_view text = said;
  std::size_t columns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  const bool sane = error == std::errc() && end == text.data() + text.size() && columns >= 20;
  return sane ? columns : kUsual;
}

std::size_t Output::rows() const {
  constexpr std::size_t kUsual = 24;
  winsize size{};
  return ::ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : kUsual;
}

void print_error(std::string_view message) {
  Output(STDERR_FILENO).print("thermos: " + printable(message) + "\n");
}

bool may_colour(int fd, bool no_color) {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  const char* term = std::getenv("TERM");
  return !no_color && !set("NO_COLOR") && ::isatty(fd) == 1 &&
         (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace thermos
