#include "reactor/commands/log_tail.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace thermos {
namespace {

constexpr std::size_t kPiece = 65536;

Error error_of(const std::string& path, int number) {
  ErrorCode code = ErrorCode::System;
  if (number == ENOENT || number == ENOTDIR) code = ErrorCode::NotFound;
  if (number == EACCES) code = ErrorCode::NotPermitted;
  return {code, path + ": " + std::strerror(number)};
}

}  // namespace

Result<LogTail> LogTail::open(std::string path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return error_of(path, errno);
  return LogTail(std::move(path), std::move(fd));
}

Error LogTail::failure() const {
  return error_of(path_, errno);
}

Status LogTail::seek_back(std::uint64_t lines) {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) return failure();
  auto at = static_cast<std::uint64_t>(status.st_size);
  offset_ = at;
  if (lines == 0) return Done{};
  std::array<char, kPiece> buffer;
  // The newline that ends the file ends its last line; it does not begin another.
  bool last_byte = true;
  while (at > 0) {
    const std::uint64_t from = at > kPiece ? at - kPiece : 0;
    std::size_t have = 0;
    while (have < at - from) {
      const ssize_t got = ::pread(fd_.get(), buffer.data() + have, at - from - have,
                                  static_cast<off_t>(from + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failure();
      if (got == 0) break;  // cut short meanwhile
      have += static_cast<std::size_t>(got);
    }
    for (std::size_t i = have; i > 0; --i) {
      const bool newline = buffer[i - 1] == '\n';
      if (newline && !last_byte && --lines == 0) {
        offset_ = from + i;
        return Done{};
      }
      last_byte = false;
    }
    at = from;
  }
  offset_ = 0;
  return Done{};
}

Status LogTail::read_on(const Take& take) {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) return failure();
  if (static_cast<std::uint64_t>(status.st_size) < offset_) {
    spdlog::warn("{}: cut short; going on from its start", path_);
    offset_ = 0;
  }
  std::array<char, kPiece> buffer;
  for (;;) {
    const ssize_t got =
        ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure();
    if (got == 0) return Done{};
    offset_ += static_cast<std::uint64_t>(got);
    take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  }
}

}  // namespace thermos
