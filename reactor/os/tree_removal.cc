#include "reactor/os/tree_removal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "reactor/os/errors.h"

namespace thermos {
namespace {

// Each open level takes a descriptor. Directories that lie deeper are moved up.
constexpr std::size_t kMostOpenLevels = 64;

}  // namespace

void TreeRemoval::begin() {
  begun_ = true;
  above_.reset(::open(place_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (above_) {
    enter(above_.get(), name_);
  } else {
    fail(-1, name_, errno);
  }
}

void TreeRemoval::fail(int above, const std::string& name, int error_number) {
  if (failure_ || error_number == ENOENT) return;
  std::string path = place_;
  for (const Level& level : levels_) {
    path += "/" + level.name;
    if (fd_of(level) == above) break;
  }
  path += "/" + name;
  if (error_number == EXDEV || error_number == EBUSY) {
    failure_ = Error{ErrorCode::System,
                     path + ": a file system is mounted there: unmount it, and what is left goes"};
    return;
  }
  failure_ = system_error("cannot remove " + path, error_number);
}

void TreeRemoval::enter(int above, const std::string& name) {
  OpenedBelow opened = open_below(above, name.c_str(), true);
  if (opened.error != 0) {
    if (opened.error != ENOTDIR) {
      fail(above, name, opened.error);
    } else if (::unlinkat(above, name.c_str(), 0) != 0) {
      fail(above, name, errno);
    }
    return;
  }
  if (levels_.empty()) mount_ = opened.mount;
  if (!(opened.mount == mount_)) {
    fail(above, name, EXDEV);
    return;
  }
  std::unique_ptr<DIR, Close> directory(::fdopendir(opened.below.get()));
  if (!directory) {
    fail(above, name, errno);
    return;
  }
  static_cast<void>(opened.below.release());
  levels_.push_back({name, std::move(directory)});
}

// Moves a directory that lies too deep up to the first one.
void TreeRemoval::flatten(int above, const std::string& name) {
  Level& first = levels_.front();
  const std::string moved = ".removed." + std::to_string(flattened_++);
  if (::renameat(above, name.c_str(), fd_of(first), moved.c_str()) == 0) {
    first.again = true;
  } else if (errno != EEXIST && errno != ENOTEMPTY) {
    fail(above, name, errno);
  } else {
    levels_.back().again = true;  // another entry has that name; the next name may be free
  }
}

void TreeRemoval::leave() {
  if (std::exchange(levels_.back().again, false)) {
    ::rewinddir(levels_.back().directory.get());
    return;
  }
  const std::string name = std::move(levels_.back().name);
  levels_.pop_back();
  const int above = levels_.empty() ? above_.get() : fd_of(levels_.back());
  if (::unlinkat(above, name.c_str(), AT_REMOVEDIR) != 0) fail(above, name, errno);
}

void TreeRemoval::step() {
  if (!begun_) {
    begin();
  } else {
    errno = 0;
    const dirent* entry = ::readdir(levels_.back().directory.get());
    if (entry == nullptr) {
      leave();
    } else if (!is_dots(entry->d_name)) {
      const int here = fd_of(levels_.back());
      const std::string name = entry->d_name;
      // Most entries are files. unlinkat(2) without AT_REMOVEDIR fails for a directory and leaves
      // its contents.
      if (entry->d_type != DT_DIR && ::unlinkat(here, name.c_str(), 0) == 0) return;
      if (levels_.size() < kMostOpenLevels) {
        enter(here, name);
      } else if (::unlinkat(here, name.c_str(), AT_REMOVEDIR) != 0) {
        errno == ENOTEMPTY || errno == EEXIST ? flatten(here, name) : fail(here, name, errno);
      }
    }
  }
  done_ = levels_.empty();
  if (done_) above_.reset();
}

Status remove_tree(const std::string& place, const std::string& name) {
  TreeRemoval removal(place, name);
  while (!removal.done()) removal.step();
  if (removal.failure()) return *removal.failure();
  return Done{};
}

}  // namespace thermos
