#include "reactor/store/stream_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

// How often a lost race for a name is repeated. Each loss means that another program replaced the
// file; more than a few losses in a row do not happen.
constexpr int kRaces = 100;

// Takes the lock without waiting. EINTR then comes only from a debugger.
bool take(int fd, int operation) {
  while (::flock(fd, operation | LOCK_NB) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

}  // namespace

Result<LockedStream> lock_stream(const std::string& path) {
  for (int race = 0; race < kRaces; ++race) {
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return stream_error(path, "can't open the checkpoint for writing", errno);
    if (!take(fd.get(), LOCK_EX)) {
      if (errno != EWOULDBLOCK) return stream_error(path, "can't lock the checkpoint", errno);
      return error_at(ErrorCode::Busy, path, std::nullopt,
                      "someone else holds this checkpoint's lock");
    }
    // Between open and lock, the previous holder may have put another file under this name, or
    // removed the name. A lock on a file without a name keeps nobody out.
    struct stat ours {};
    struct stat named {};
    if (::fstat(fd.get(), &ours) != 0) return stream_error(path, "cannot stat it", errno);
    if (!S_ISREG(ours.st_mode)) {
      return error_at(ErrorCode::System, path, std::nullopt, "not a file",
                      "move it out of the way");
    }
    const auto size = static_cast<std::size_t>(ours.st_size);
    // If an empty file has a name, it is this one, because only files with records are ever
    // renamed.
    if (size == 0 && ours.st_nlink == 1) return LockedStream{std::move(fd), size};
    if (::lstat(path.c_str(), &named) != 0) {
      if (errno == ENOENT) continue;
      return stream_error(path, "cannot stat it", errno);
    }
    if (ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) {
      return LockedStream{std::move(fd), size};
    }
  }
  return error_at(ErrorCode::Busy, path, std::nullopt,
                  "the file was replaced too often while locking it");
}

Result<bool> stream_is_locked(const std::string& path) {
  for (int race = 0; race < kRaces; ++race) {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
      if (errno == ENOENT) return false;
      return stream_error(path, "can't open the checkpoint", errno);
    }
    if (!take(fd.get(), LOCK_SH)) {
      if (errno == EWOULDBLOCK) return true;
      return stream_error(path, "can't ask for the checkpoint's lock", errno);
    }
    // A free lock says something only about the opened file. If the name now means another file,
    // that file was locked before it got the name.
    struct stat ours {};
    struct stat named {};
    if (::fstat(fd.get(), &ours) != 0) return stream_error(path, "cannot stat it", errno);
    if (::stat(path.c_str(), &named) == 0 && ours.st_ino == named.st_ino &&
        ours.st_dev == named.st_dev) {
      return false;
    }
  }
  return true;  // replaced too often: the program that replaces it holds its lock
}

}  // namespace thermos
