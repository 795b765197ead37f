#include "reactor/store/stream_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <utility>

#include "reactor/os/lock_holder.h"
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

// Sleeps and looks again: the kernel has no event for a flock() that comes free but waking who
// blocks in it, and that wait has no end where somebody leads. A second, since who asks may lose
// the processor before it lets go.
Result<LockedStream> lock_stream_patiently(const std::string& path) {
  constexpr timespec kPause{0, 1'000'000};
  constexpr int kTries = 1000;
  for (int tries = 1;; ++tries) {
    auto locked = lock_stream(path);
    if (locked || locked.error().code != ErrorCode::Busy || tries == kTries) return locked;
    const auto held = stream_is_locked(path);
    // Where a writer was killed while it waited for the disk, the kernel lets go of its lock some
    // milliseconds after it is gone.
    if (!held || (*held && lock_holder(path))) return locked;
    ::nanosleep(&kPause, nullptr);
  }
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
