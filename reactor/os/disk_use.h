// Measures, in small steps, how much disk space a directory takes with everything in it.
#pragma once

#include <dirent.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reactor/os/descriptor.h"
#include "reactor/os/open_below.h"

namespace thermos {

// Counts blocks, as du(1) does, so a hole in a file takes no space. A file with several names
// counts once. The walk follows no link and enters no other file system. Directories that it may
// not read, and everything deeper than 128 directories, are left out.
class DiskUse {
 public:
  // Counts `name`, a directory or any other file, in the directory `above`.
  DiskUse(Descriptor above, std::string name) : above_(std::move(above)), name_(std::move(name)) {}

  // Counts one entry. REQUIRES: not done().
  void step();
  bool done() const { return done_; }
  // Returns the bytes counted so far.
  std::uint64_t bytes() const { return bytes_; }
  // Returns whether everything could be counted.
  bool complete() const { return complete_; }

 private:
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  void count(int above, const char* name);

  Descriptor above_;
  std::string name_;
  Mount mount_;
  std::vector<std::unique_ptr<DIR, Close>> levels_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> counted_;  // files with several names
  std::uint64_t bytes_ = 0;
  bool begun_ = false;
  bool done_ = false;
  bool complete_ = true;
};

// Counts the file or directory at `path` in one call. Returns 0 if it does not exist.
std::uint64_t disk_use_of(const std::string& path);

}  // namespace thermos
