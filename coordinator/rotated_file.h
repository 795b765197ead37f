// A log file that is renamed when it is full: NAME becomes NAME.1, NAME.1 becomes NAME.2, and so
// on.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace thermos::coordinator {

class RotatedFile {
 public:
  struct Policy {
    int directory = -1;         // a descriptor of the files' directory; -1: the file is not rotated
    std::uint64_t size = 0;     // bytes; no file exceeds this
    std::uint32_t backups = 0;  // how many full files are kept
    bool give = false;          // new files are given to `uid` and `gid`
    uid_t uid = 0;
    gid_t gid = 0;
  };

  RotatedFile() = default;
  // `fd` is the O_APPEND descriptor of the file `name`. A rotation closes it and opens the next
  // file; nothing else closes it. `name` and `policy.directory` are borrowed. With `fd` -1, write()
  // discards everything.
  RotatedFile(int fd, const char* name, const Policy& policy);

  // Writes `bytes` and returns how many were written; fewer than all, with errno, when write(2)
  // failed. A line that is whole in `bytes` is split over two files only if it is longer than a
  // file. If a line comes in two calls, its second part may be in the next file. When a rotation
  // fails, the file grows beyond its size and nothing is lost.
  std::size_t write(std::span<const std::byte> bytes);

 private:
  // Returns how many of `bytes` go into the current file; 0 if it is full.
  std::size_t fitting(std::span<const std::byte> bytes) const;
  bool rotate();
  bool put_aside() const;
  bool make_room() const;
  bool exists(const char* name) const;

  int fd_ = -1;
  const char* name_ = nullptr;
  Policy policy_;
  std::uint64_t size_ = 0;
};

}  // namespace thermos::coordinator
