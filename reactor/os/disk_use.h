// What a directory with everything in it takes on the disk, found a little at a time.
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

// It counts blocks, as du(1) does, so that a hole in a file takes nothing; a file with several
// names counts once. It follows no link and enters no other file system. What it may not read, or
// what lies deeper than 128 directories, is left out.
class DiskUse {
 public:
  // Counts `name`, a directory or any other file, in the directory `above`.
  DiskUse(Descriptor above, std::string name) : above_(std::move(above)), name_(std::move(name)) {}

  // Counts one entry. REQUIRES: not done().
  void step();
  bool done() const { return done_; }
  // So far, in bytes.
  std::uint64_t bytes() const { return bytes_; }
  // Whether everything could be counted.
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

// All of it at once, of the file or directory at `path`; 0 if there is none.
std::uint64_t disk_use_of(const std::string& path);

}  // namespace thermos
