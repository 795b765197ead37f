#include "coordinator/stream_appender.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace thermos::coordinator {
namespace {

off_t size_of(int fd) {
  struct stat file {};
  return ::fstat(fd, &file) == 0 ? file.st_size : -1;
}

}  // namespace

Appender::Appender(int fd) : fd_(fd), size_(size_of(fd)) {}

bool Appender::cut() {
  // A truncation that changes nothing would still wake every inotify watcher.
  if (size_of(fd_) != size_ && ::ftruncate(fd_, size_) != 0) return false;
  ragged_ = false;
  return true;
}

bool Appender::append(std::span<const std::byte> frame) {
  if (ragged_ && !cut()) {
    error_ = errno;
    return false;
  }
  const ssize_t written = ::write(fd_, frame.data(), frame.size());
  if (written == static_cast<ssize_t>(frame.size())) {
    size_ += written;
    return true;
  }
  // Linux does not say why a write was short. A full disk is the usual cause.
  error_ = written < 0 ? errno : ENOSPC;
  ragged_ = true;
  cut();
  return false;
}

}  // namespace thermos::coordinator
