// Removes a directory with everything in it, a little at a time. What is in it may belong to
// somebody who changes it meanwhile: no link is followed, no other file system is entered, and
// every step begins at a directory that is held open.
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

  // Removes one entry, or looks at one. REQUIRES: not done().
  void step();
  bool done() const { return done_; }
  // The first thing that could not be removed; the others are gone. What is gone already is no
  // error.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  struct Level {
    std::string name;
    std::unique_ptr<DIR, Close> directory;
    bool again = false;  // something came into it since it was read
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
  std::vector<Level> levels_;  // from `name_` down to where we are
  std::size_t flattened_ = 0;
  bool begun_ = false;
  bool done_ = false;
  std::optional<Error> failure_;
};

// Removes `name` in the directory `place` at once. Fails with the first thing that could not be
// removed.
Status remove_tree(const std::string& place, const std::string& name);

}  // namespace thermos
