#include "coordinator/output_pump.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "coordinator/line_buffer.h"

namespace thermos::coordinator {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{16} * 1024;
// POLLOUT promises room for this many bytes in a pipe (PIPE_BUF, pipe(7)).
constexpr std::size_t kShownAtOnce = 4096;
// The pauses between two tries to write to a disk that has no room.
constexpr Microseconds kFirstPause = 100'000;
constexpr Microseconds kLongestPause = 10 * kSecond;

// These are not touched, and so not resident, while nothing is pumped.
std::byte buffers[2][kBufferBytes];

// Opens the console again if possible, to have a file description of our own: O_NONBLOCK on the
// given one would change it for everybody who shares it. A regular file is not opened again,
// because its writes do not block and its position is shared on purpose; nor is a socket, which
// can't be.
int own_console(int fd, bool& is_socket) {
  struct stat file {};
  if (fd < 0 || ::fstat(fd, &file) != 0) return -1;
  is_socket = S_ISSOCK(file.st_mode);
  if (is_socket || S_ISREG(file.st_mode)) return fd;
  LineBuffer path;
  path.add("/proc/self/fd/").add(std::int64_t{fd});
  // We lead a session: without O_NOCTTY the terminal would become our controlling terminal.
  const int own = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (own < 0) return fd;
  ::close(fd);
  return own;
}

bool tells_of_no_room(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

}  // namespace

void OutputPump::Retry::postpone() {
  pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
  at_ = monotonic() + pause_;
}

bool OutputPump::open(const LaunchView& launch, const Sinks& sinks) {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int signal : kSignalsTaken) ::sigaddset(&wanted, signal);
  if (signals_ < 0) signals_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ < 0) return false;
  RotatedFile::Policy policy{sinks.directory,    launch.rotate_size, launch.backups,
                             launch.change_user, launch.uid,         launch.gid};
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i];
    if (stream.pipe >= 0) continue;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    // Only our end is non-blocking. The process's end blocks, as a file would.
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    stream.pipe = ends[0];
    stream.write_end = ends[1];
    stream.buffer = buffers[i];
    stream.file = RotatedFile(sinks.files[i], i == 0 ? "stdout" : "stderr", policy);
    stream.console = own_console(sinks.consoles[i], stream.console_is_socket);
  }
  return true;
}

std::optional<Signal> OutputPump::wait(bool patient) {
  if (drained()) return wait_signal(std::nullopt);
  if (const auto signal = wait_signal(0)) return signal;
  bool moved = false;
  for (Stream& stream : streams_) moved = move(stream) || moved;
  stuck_ = !moved && (streams_[0].pending() || streams_[1].pending());
  if (!moved && (patient || !stuck_)) wait_for_something();
  return std::nullopt;
}

bool OutputPump::drained() const {
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const Stream& stream) { return stream.pipe < 0 && !stream.pending(); });
}

bool OutputPump::move(Stream& stream) {
  if (!stream.pending()) {
    if (!read(stream)) return false;
    save(stream);
    show(stream);
    return true;
  }
  const bool saved = save(stream);
  return show(stream) || saved;
}

// Returns true if it read something, or found the end of the pipe.
bool OutputPump::read(Stream& stream) {
  if (stream.pipe < 0) return false;
  const ssize_t got = ::read(stream.pipe, stream.buffer, kBufferBytes);
  if (got < 0 && (errno == EINTR || (errno == EAGAIN && !no_more_))) return false;
  if (got <= 0) {
    ::close(stream.pipe);
    stream.pipe = -1;
    return true;
  }
  stream.end = static_cast<std::size_t>(got);
  stream.saved = 0;
  stream.shown = stream.console < 0 ? stream.end : 0;
  return true;
}

bool OutputPump::save(Stream& stream) {
  if (stream.saved == stream.end || saving_.waits()) return false;
  const std::size_t took =
      stream.file.write({stream.buffer + stream.saved, stream.end - stream.saved});
  stream.saved += took;
  if (stream.saved == stream.end) {
    saving_.forget();
  } else {
    saving_.postpone();
  }
  return took > 0;
}

bool OutputPump::show(Stream& stream) {
  if (stream.shown == stream.end || stream.showing.waits()) return false;
  const std::byte* from = stream.buffer + stream.shown;
  const std::size_t size = std::min(stream.end - stream.shown, kShownAtOnce);
  // A console that could not be opened again may block, so it is written only when it has room.
  pollfd room{stream.console, POLLOUT, 0};
  if (::poll(&room, 1, 0) == 0) return false;
  const ssize_t took = stream.console_is_socket
                           ? ::send(stream.console, from, size, MSG_DONTWAIT | MSG_NOSIGNAL)
                           : ::write(stream.console, from, size);
  if (took < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (took < 0 && tells_of_no_room(errno)) {
    stream.showing.postpone();
    return false;
  }
  stream.showing.forget();
  if (took <= 0) {
    give_up_console(stream);  // the console is gone
    return true;
  }
  stream.shown += static_cast<std::size_t>(took);
  return true;
}

void OutputPump::give_up_console(Stream& stream) {
  ::close(stream.console);
  stream.console = -1;
  stream.shown = stream.end;
}

bool OutputPump::give_up_consoles() {
  bool any = false;
  for (Stream& stream : streams_) {
    if (stream.shown == stream.end) continue;
    give_up_console(stream);
    any = true;
  }
  return any;
}

void OutputPump::wait_for_something() {
  std::array<pollfd, 5> wanted{};
  std::size_t count = 0;
  wanted[count++] = {signals_, POLLIN, 0};
  std::optional<Microseconds> until;
  const auto wait_for = [&until](const Retry& retry) {
    until = std::min(until.value_or(retry.at()), retry.at());
  };
  for (const Stream& stream : streams_) {
    if (!stream.pending() && stream.pipe >= 0) wanted[count++] = {stream.pipe, POLLIN, 0};
    if (stream.saved < stream.end) wait_for(saving_);
    if (stream.shown == stream.end) continue;
    // poll() calls a file always ready, even on a full disk.
    if (stream.showing.waits()) {
      wait_for(stream.showing);
    } else {
      wanted[count++] = {stream.console, POLLOUT, 0};
    }
  }
  int milliseconds = -1;
  if (until) {
    const Microseconds left = std::max<Microseconds>(*until - monotonic(), 0);
    milliseconds = static_cast<int>(left / 1000) + 1;
  }
  ::poll(wanted.data(), count, milliseconds);
}

}  // namespace thermos::coordinator
