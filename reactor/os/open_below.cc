#include "reactor/os/open_below.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace thermos {
namespace {

constexpr int kRead = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr mode_t kOwners = S_IRWXU;

// Changes the mode through the descriptor: the name may mean another file by now, and chmod(2)
// follows links.
void give_back_rights(int directory, mode_t mode) {
  const std::string path = "/proc/self/fd/" + std::to_string(directory);
  ::chmod(path.c_str(), (mode & 07777) | kOwners);
}

}  // namespace

bool is_dots(const char* name) {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

OpenedBelow open_below(int above, const char* name, bool force) {
  OpenedBelow opened;
  opened.below.reset(::openat(above, name, kRead));
  if (!opened.below && errno == EACCES && force) {
    const Descriptor locked(::openat(above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (locked && ::fstat(locked.get(), &info) == 0) give_back_rights(locked.get(), info.st_mode);
    opened.below.reset(::openat(above, name, kRead));
  }
  if (!opened.below) {
    opened.error = errno == ELOOP ? ENOTDIR : errno;
    return opened;
  }
  struct statx info {};
  if (::statx(opened.below.get(), "", AT_EMPTY_PATH, STATX_MODE | STATX_MNT_ID, &info) != 0) {
    opened.error = errno;
    return opened;
  }
  opened.mount.device = makedev(info.stx_dev_major, info.stx_dev_minor);
  if ((info.stx_mask & STATX_MNT_ID) != 0) opened.mount.mount = info.stx_mnt_id;
  if (force && (info.stx_mode & kOwners) != kOwners) {
    give_back_rights(opened.below.get(), info.stx_mode);
  }
  return opened;
}

}  // namespace thermos
