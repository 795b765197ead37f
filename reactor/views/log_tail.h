// Reads the end of a log file, and what is appended to it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/log_directory.h"

namespace thermos {

// The files that a run prints to.
inline constexpr std::array<const char*, 2> kLogNames = {"stdout", "stderr"};

// Reads one log file while it grows, and the files that it was rotated to (NAME.1 is the latest
// one). Each read returns only new bytes. A file that was truncated is read from its start again.
class LogTail {
 public:
  using Take = std::function<void(std::string_view bytes)>;

  // Fails with NotFound if there is no such file, else as LogDirectory::open() does.
  static Result<LogTail> open(LogDirectory directory, std::string name);

  // Moves to the start of the last `lines` lines, without reading the file before them. A last line
  // without a newline counts, and so do lines in rotated files. Returns the number of lines found,
  // at most `lines`.
  Result<std::uint64_t> seek_back(std::uint64_t lines);
  // Moves to the byte `offset` of the file, or to its end if the file is shorter.
  Status start_at(std::uint64_t offset);
  // Calls `take` with the bytes from the current position to the end, in pieces. Files that were
  // rotated since the last call are read to their end first.
  Status read_on(const Take& take);
  // Does the same, but stops when about `most` bytes were read. Returns whether it reached the end.
  Result<bool> read_some(const Take& take, std::uint64_t most);

  std::string path() const { return directory_.path_of(name_); }
  // The path for inotify.
  std::string watched_path() const { return watched_path(name_); }
  // The path for inotify of another file in the same directory, or of the directory itself (".").
  std::string watched_path(const std::string& name) const { return directory_.watched_path(name); }

 private:
  LogTail(LogDirectory directory, std::string name, Descriptor fd)
      : directory_(std::move(directory)), name_(std::move(name)), fd_(std::move(fd)) {}
  Error failure() const;
  std::string backup(std::uint32_t number) const;
  Result<std::uint64_t> lines_back(std::uint64_t lines);
  Result<std::uint64_t> read_file(const Take& take, std::uint64_t most);
  Result<bool> go_to_newer();

  LogDirectory directory_;
  std::string name_;
  Descriptor fd_;
  std::uint64_t offset_ = 0;
};

}  // namespace thermos
