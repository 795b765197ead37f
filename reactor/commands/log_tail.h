// The end of a log file, and what is added to it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/log_directory.h"

namespace thermos {

// One log file as it grows, and what it was rotated to (NAME.1 is the latest). Reads only what is
// new; a file that was cut short is read from its start again.
class LogTail {
 public:
  using Take = std::function<void(std::string_view bytes)>;

  // NotFound when there is no such file; else as LogDirectory::open().
  static Result<LogTail> open(LogDirectory directory, std::string name);

  // Goes to the start of the last `lines` lines, without reading what is before them. A last line
  // without its end counts, and so do those that were rotated away.
  Status seek_back(std::uint64_t lines);
  // Hands everything from here to the end to `take`, in pieces. What was rotated away since the
  // last call is read first.
  Status read_on(const Take& take);

  std::string path() const { return directory_.path_of(name_); }
  // For inotify.
  std::string watched_path() const { return directory_.watched_path(name_); }

 private:
  LogTail(LogDirectory directory, std::string name, Descriptor fd)
      : directory_(std::move(directory)), name_(std::move(name)), fd_(std::move(fd)) {}
  Error failure() const;
  std::string backup(std::uint32_t number) const;
  Result<std::uint64_t> lines_back(std::uint64_t lines);
  Status read_file(const Take& take);
  Result<bool> go_to_newer();

  LogDirectory directory_;
  std::string name_;
  Descriptor fd_;
  std::uint64_t offset_ = 0;
};

}  // namespace thermos
