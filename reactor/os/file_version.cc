#include "reactor/os/file_version.h"

#include <sys/stat.h>

namespace thermos {

FileVersion version_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_ino, info.st_size, info.st_mtim};
}

bool FileVersion::operator==(const FileVersion& other) const {
  return size >= 0 && inode == other.inode && size == other.size &&
         changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
}

}  // namespace thermos
