// A file system of its own, that is small, and can be full, or read-only.
#pragma once

#include <string>

#include "task_run.h"

namespace thermos::real {

// In a mount namespace of this process, with the site's root on it.
class SmallDisk {
 public:
  // `options` as tmpfs takes them: "size=1m", "nr_inodes=20".
  explicit SmallDisk(Site& site, std::string options = "size=1m");
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // False where there can be none: not root.
  bool mounted() const { return mounted_; }

  // Takes all the room there is.
  void fill() const;
  void free() const;
  // False when the kernel refuses it: somebody has a file open for writing.
  bool remount(bool read_only) const { return remount(read_only, options_); }
  bool remount(bool read_only, const std::string& options) const;

 private:
  std::string path_;
  std::string options_;
  bool mounted_ = false;
};

}  // namespace thermos::real
