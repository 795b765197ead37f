#include "reactor/os/disk_use.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace thermos {
namespace {

constexpr std::size_t kMostCountedLevels = 128;  // each takes a descriptor
// The unit of st_blocks, whatever the file system's block size is.
constexpr std::uint64_t kBlock = 512;

}  // namespace

void DiskUse::count(int above, const char* name) {
  struct stat info {};
  if (::fstatat(above, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    complete_ = complete_ && errno == ENOENT;
    return;
  }
  const bool directory = S_ISDIR(info.st_mode);
  if (directory || info.st_nlink == 1 || counted_.insert({info.st_dev, info.st_ino}).second) {
    bytes_ += static_cast<std::uint64_t>(info.st_blocks) * kBlock;
  }
  if (!directory) return;
  OpenedBelow opened = open_below(above, name, false);
  if (levels_.empty()) mount_ = opened.mount;
  if (opened.error != 0 || !(opened.mount == mount_) || levels_.size() == kMostCountedLevels) {
    complete_ = complete_ && opened.error == ENOENT;
    return;
  }
  std::unique_ptr<DIR, Close> below(::fdopendir(opened.below.get()));
  if (!below) {
    complete_ = false;
    return;
  }
  static_cast<void>(opened.below.release());
  levels_.push_back(std::move(below));
}

void DiskUse::step() {
  if (!std::exchange(begun_, true)) {
    count(above_.get(), name_.c_str());
  } else if (const dirent* entry = ::readdir(levels_.back().get())) {
    if (!is_dots(entry->d_name)) count(::dirfd(levels_.back().get()), entry->d_name);
  } else {
    levels_.pop_back();
  }
  done_ = levels_.empty();
}

std::uint64_t disk_use_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string above = slash == 0 ? "/" : path.substr(0, slash);
  DiskUse use(Descriptor(::open(above.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
              path.substr(slash + 1));
  while (!use.done()) use.step();
  return use.bytes();
}

}  // namespace thermos
