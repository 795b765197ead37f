// The end of a log file, and what is added to it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "reactor/descriptor.h"

namespace thermos {

// One log file as it grows, and what it was rotated to (NAME.1 is the latest). Reads only what is
// new; a file that was cut short is read from its start again.
class LogTail {
 public:
  using Take = std::function<void(std::string_view bytes)>;

  // NotFound when there is no such file.
  static Result<LogTail> open(std::string path);

  // Goes to the start of the last `lines` lines, without reading what is before them. A last line
  // without its end counts, and so do those that were rotated away.
  Status seek_back(std::uint64_t lines);
  // Hands everything from here to the end to `take`, in pieces. What was rotated away since the
  // last call is read first.
  Status read_on(const Take& take);

  const std::string& path() const { return path_; }

 private:
  LogTail(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Error failure() const;
  std::string backup(std::uint32_t number) const;
  Result<std::uint64_t> lines_back(std::uint64_t lines);
  Status read_file(const Take& take);
  bool go_to_newer();

  std::string path_;
  Descriptor fd_;
  std::uint64_t offset_ = 0;
};

}  // namespace thermos
