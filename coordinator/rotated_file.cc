#include "coordinator/rotated_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace thermos::coordinator {
namespace {

constexpr mode_t kMode = 0600;

// The name of a backup, as "stdout.17", made without an allocation.
class Backup {
 public:
  Backup(const char* name, std::uint32_t number) {
    char* at = ::stpncpy(text_, name, 16);
    *at++ = '.';
    *std::to_chars(at, text_ + sizeof text_ - 1, number).ptr = '\0';
  }
  const char* c_str() const { return text_; }

 private:
  char text_[32] = {};
};

// Returns the name of the file that will be the next NAME. A backup's number is never 0.
Backup next_of(const char* name) {
  return {name, 0};
}

}  // namespace

RotatedFile::RotatedFile(int fd, const char* name, const Policy& policy)
    : fd_(fd), name_(name), policy_(policy) {
  struct stat file {};
  if (fd >= 0 && ::fstat(fd, &file) == 0) size_ = static_cast<std::uint64_t>(file.st_size);
}

std::size_t RotatedFile::write(std::span<const std::byte> bytes) {
  if (fd_ < 0) return bytes.size();
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto rest = bytes.subspan(done);
    std::size_t part = policy_.directory < 0 ? rest.size() : fitting(rest);
    if (part == 0) {
      if (rotate()) continue;
      part = rest.size();  // a file that is too large is better than lost output
    }
    const ssize_t written = ::write(fd_, rest.data(), part);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return done;
    done += static_cast<std::size_t>(written);
    size_ += static_cast<std::uint64_t>(written);
  }
  return done;
}

std::size_t RotatedFile::fitting(std::span<const std::byte> bytes) const {
  const std::uint64_t room = policy_.size > size_ ? policy_.size - size_ : 0;
  if (bytes.size() <= room) return bytes.size();
  const auto most = static_cast<std::size_t>(room);
  const void* newline = ::memrchr(bytes.data(), '\n', most);
  if (newline != nullptr) {
    return static_cast<std::size_t>(static_cast<const std::byte*>(newline) - bytes.data()) + 1;
  }
  return size_ == 0 ? most : 0;
}

// Creates the new file before it renames the old one. So if no file can be created, nothing
// changes, and `name_` always names a file.
bool RotatedFile::rotate() {
  const Backup next = next_of(name_);
  ::unlinkat(policy_.directory, next.c_str(), 0);  // left by a coordinator that was killed here
  const int fd = ::openat(policy_.directory, next.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kMode);
  if (fd < 0) return false;
  const bool ours = !policy_.give || ::fchown(fd, policy_.uid, policy_.gid) == 0;
  if (!ours || !put_aside() ||
      ::renameat(policy_.directory, next.c_str(), policy_.directory, name_) != 0) {
    ::close(fd);
    ::unlinkat(policy_.directory, next.c_str(), 0);
    return false;
  }
  ::close(fd_);
  fd_ = fd;
  size_ = 0;
  return true;
}

// Links the full file under its backup name; the rename that follows replaces its first name.
bool RotatedFile::put_aside() const {
  if (policy_.backups == 0) return true;
  // If somebody removed or renamed the file, there is nothing to keep, and no backup may be
  // dropped.
  if (!exists(name_)) return errno == ENOENT;
  if (!make_room()) return false;
  const Backup first(name_, 1);
  ::unlinkat(policy_.directory, first.c_str(), 0);  // still there if only one backup is kept
  if (::linkat(policy_.directory, name_, policy_.directory, first.c_str(), 0) == 0) return true;
  // The file system has no hard links: `name_` is missing for a moment.
  return ::renameat(policy_.directory, name_, policy_.directory, first.c_str()) == 0;
}

// Renames the backups up to the first number that is missing. If the rotation fails after this, the
// next one finds NAME.1 missing and moves nothing; otherwise each try would drop the oldest backup.
bool RotatedFile::make_room() const {
  std::uint32_t free = 1;
  while (free < policy_.backups && exists(Backup(name_, free).c_str())) ++free;
  for (std::uint32_t i = free; i > 1; --i) {
    if (::renameat(policy_.directory, Backup(name_, i - 1).c_str(), policy_.directory,
                   Backup(name_, i).c_str()) != 0) {
      return false;
    }
  }
  return true;
}

bool RotatedFile::exists(const char* name) const {
  struct stat file {};
  return ::fstatat(policy_.directory, name, &file, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace thermos::coordinator
