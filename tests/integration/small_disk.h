// A small file system of its own, which a test can fill or make read-only.
#pragma once

#include <string>

#include "task_run.h"

namespace thermos::real {

// A tmpfs in a mount namespace of this process; the site's root is moved onto it.
class SmallDisk {
 public:
  // `options` are those of tmpfs(5): "size=1m", "nr_inodes=20".
  explicit SmallDisk(Site& site, std::string options = "size=1m");
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // False if it could not be mounted, as without root.
  bool mounted() const { return mounted_; }
  const std::string& path() const { return path_; }

  // Fills it, and frees that space again.
  void fill() const;
  void free() const;
  // False if the kernel refuses it (EBUSY), because a file is open for writing.
  bool remount(bool read_only) const { return remount(read_only, options_); }
  bool remount(bool read_only, const std::string& options) const;

 private:
  std::string path_;
  std::string options_;
  bool mounted_ = false;
};

}  // namespace thermos::real
