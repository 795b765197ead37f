// Removes a directory with everything in it, in small steps. The directory's owner may change it at
// the same time, so the removal follows no link, enters no other file system, and begins each step
// at a directory that it holds open.
#pragma once

#include <dirent.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/open_below.h"

namespace thermos {

class TreeRemoval {
 public:
  // Removes `name`, a directory or any other file, in the directory `place`, which the first step
  // opens.
  TreeRemoval(std::string place, std::string name)
      : place_(std::move(place)), name_(std::move(name)) {}

  // Removes one entry, or opens one directory. REQUIRES: not done().
  void step();
  bool done() const { return done_; }
  // Returns the error of the first entry that could not be removed. The removal goes on after an
  // error with the other entries. An entry that is already gone is no error.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  struct Level {
    std::string name;
    std::unique_ptr<DIR, Close> directory;
    bool again = false;  // an entry was added since it was read, so it is read again
  };

  void begin();
  void enter(int above, const std::string& name);
  void leave();
  void flatten(int above, const std::string& name);
  void fail(int above, const std::string& name, int error_number);
  static int fd_of(const Level& level) { return ::dirfd(level.directory.get()); }

  Descriptor above_;
  std::string place_;
  std::string name_;
  Mount mount_;
  std::vector<Level> levels_;  // the open directories, from `name_` down to the current one
  std::size_t flattened_ = 0;
  bool begun_ = false;
  bool done_ = false;
  std::optional<Error> failure_;
};

// Removes `name` in the directory `place` in one call. Fails with the error of the first entry that
// could not be removed.
Status remove_tree(const std::string& place, const std::string& name);

}  // namespace thermos
