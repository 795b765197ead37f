#include "reactor/views/log_tail.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "reactor/os/errors.h"

namespace thermos {
namespace {

constexpr std::size_t kPiece = 65536;

}  // namespace

Result<LogTail> LogTail::open(LogDirectory directory, std::string name) {
  Result<Descriptor> fd = directory.open(name);
  if (!fd) return fd.error();
  return LogTail(std::move(directory), std::move(name), std::move(*fd));
}

Error LogTail::failure() const {
  return system_error(path(), errno);
}

std::string LogTail::backup(std::uint32_t number) const {
  return number == 0 ? name_ : name_ + "." + std::to_string(number);
}

Result<std::uint64_t> LogTail::seek_back(std::uint64_t lines) {
  std::uint64_t left = lines;
  for (std::uint32_t number = 0; number == 0 || left > 0; ++number) {
    Result<Descriptor> file = directory_.open(backup(number));
    if (file) {
      fd_ = std::move(*file);
    } else if (file.error().code != ErrorCode::NotFound) {
      return file.error();
    } else if (number != 0) {
      break;
    }
    const Result<std::uint64_t> missing = lines_back(left);
    if (!missing) return missing.error();
    left = *missing;
  }
  return lines - left;
}

// Moves back in the open file. Returns how many lines remain to be found in older files.
Result<std::uint64_t> LogTail::lines_back(std::uint64_t lines) {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) return failure();
  auto at = static_cast<std::uint64_t>(status.st_size);
  offset_ = at;
  if (lines == 0) return std::uint64_t{0};
  std::array<char, kPiece> buffer;
  // A newline at the end of the file ends its last line and does not start another.
  bool last_byte = true;
  while (at > 0) {
    const std::uint64_t from = at > kPiece ? at - kPiece : 0;
    std::size_t have = 0;
    while (have < at - from) {
      const ssize_t got = ::pread(fd_.get(), buffer.data() + have, at - from - have,
                                  static_cast<off_t>(from + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failure();
      if (got == 0) break;  // it was truncated meanwhile
      have += static_cast<std::size_t>(got);
    }
    for (std::size_t i = have; i > 0; --i) {
      const bool newline = buffer[i - 1] == '\n';
      if (newline && !last_byte && --lines == 0) {
        offset_ = from + i;
        return std::uint64_t{0};
      }
      last_byte = false;
    }
    at = from;
  }
  offset_ = 0;
  // The line at the start of the file counts, unless the file is empty.
  return last_byte ? lines : lines - 1;
}

Status LogTail::start_at(std::uint64_t offset) {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) return failure();
  offset_ = std::min(offset, static_cast<std::uint64_t>(status.st_size));
  return Done{};
}

Status LogTail::read_on(const Take& take) {
  const Result<bool> read = read_some(take, std::numeric_limits<std::uint64_t>::max());
  if (!read) return read.error();
  return Done{};
}

Result<bool> LogTail::read_some(const Take& take, std::uint64_t most) {
  for (;;) {
    // Look for a newer file before reading: if there is one, this file grows no more, and the read
    // reaches its end.
    const std::uint64_t named = directory_.inode_of(name_);
    struct stat open {};
    const bool rotated = named != 0 && ::fstat(fd_.get(), &open) == 0 && named != open.st_ino;
    const Result<std::uint64_t> read = read_file(take, most);
    if (!read) return read.error();
    if (*read >= most) return false;
    most -= *read;
    if (!rotated) return true;
    const Result<bool> newer = go_to_newer();
    if (!newer) return newer.error();
    if (!*newer) return true;
  }
}

// Opens the file that was started after the current one. False if there is none, or if a rotation
// in progress hides it.
Result<bool> LogTail::go_to_newer() {
  // A rotation may rename the files meanwhile, and a name may be missing for a moment.
  constexpr int kTries = 1000;
  struct stat open {};
  const auto is_ours = [&](std::uint32_t number) {
    return directory_.inode_of(backup(number)) == open.st_ino;
  };
  for (int tries = 0; tries < kTries; ++tries) {
    if (::fstat(fd_.get(), &open) != 0) return false;
    const bool gone = open.st_nlink == 0;
    std::uint32_t number = 0;
    for (std::uint64_t named = 0; (named = directory_.inode_of(backup(number))) != 0; ++number) {
      if (named == open.st_ino) break;
    }
    if (number == 0) return false;  // the current file is the newest, or there is none
    if (!gone && !is_ours(number)) continue;
    Result<Descriptor> newer = directory_.open(backup(number - 1));
    if (!newer && newer.error().code != ErrorCode::NotFound) return newer.error();
    if (!newer || (!gone && !is_ours(number))) continue;
    if (gone) spdlog::warn("{}: output was rotated away before it was read", path());
    fd_ = std::move(*newer);
    offset_ = 0;
    return true;
  }
  return false;
}

// Returns how many bytes were read; fewer than `most` at the end of the file.
Result<std::uint64_t> LogTail::read_file(const Take& take, std::uint64_t most) {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) return failure();
  if (static_cast<std::uint64_t>(status.st_size) < offset_) {
    spdlog::warn("{}: the file was truncated; reading it from its start", path());
    offset_ = 0;
  }
  std::array<char, kPiece> buffer;
  std::uint64_t done = 0;
  while (done < most) {
    const ssize_t got =
        ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure();
    if (got == 0) break;
    offset_ += static_cast<std::uint64_t>(got);
    done += static_cast<std::uint64_t>(got);
    take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  }
  return done;
}

}  // namespace thermos
