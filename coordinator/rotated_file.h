// A log file that is put aside when it is full: NAME becomes NAME.1, that becomes NAME.2, and so
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
    int directory = -1;      // where the files are; -1: never rotated
    std::uint64_t size = 0;  // that no file exceeds
    std::uint32_t backups = 0;
    bool give = false;  // new files are for this user
    uid_t uid = 0;
    gid_t gid = 0;
  };

  RotatedFile() = default;
  // Borrows both descriptors, and `name`; `fd` is O_APPEND and open at `name`. -1: takes all and
  // keeps nothing.
  RotatedFile(int fd, const char* name, const Policy& policy);

  // Writes as much as the file takes, and gives how much that was; less than all, with errno, when
  // the disk took no more. Lines are cut in two only where they have to be.
  std::size_t write(std::span<const std::byte> bytes);

 private:
  // How much of `bytes` goes into the present file; 0: it is full.
  std::size_t fitting(std::span<const std::byte> bytes) const;
  bool rotate();
  bool put_aside() const;

  int fd_ = -1;
  const char* name_ = nullptr;
  Policy policy_;
  std::uint64_t size_ = 0;
};

}  // namespace thermos::coordinator
