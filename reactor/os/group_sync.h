// Syncs many files to the disk in about the time that one takes.
#pragma once

#include <memory>
#include <span>

namespace thermos {

// A file system makes one commit for all syncs that are requested at the same time, but one commit
// each for syncs that are requested one after the other. 200 small files take a disk 1 to 2 s one
// after the other, and 0.03 to 0.2 s together. So the files of many tasks are given to the kernel
// together (io_uring(7)), and the kernel's threads wait for the disk. If the machine or the
// container forbids io_uring, the files are synced one after the other.
class GroupSync {
 public:
  struct File {
    int fd = -1;
    bool contents = true;  // true: fdatasync(2); false: fsync(2), which a directory needs
    int error = 0;         // the result: 0, or the errno
  };

  GroupSync();
  ~GroupSync();
  GroupSync(const GroupSync&) = delete;
  GroupSync& operator=(const GroupSync&) = delete;

  // Blocks until each file is on the disk or has failed. A failed sync is not retried, because the
  // kernel would then report success. Borrows the descriptors.
  void sync(std::span<File> files);

 private:
  struct Ring;
  std::span<File> sync_at_once(std::span<File> files);

  std::unique_ptr<Ring> ring_;  // created by the first sync() of two or more files
  bool forbidden_ = false;
};

}  // namespace thermos
