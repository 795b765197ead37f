// Tells whether a file is still the one that was read, with the same contents.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <string>

namespace thermos {

struct FileVersion {
  ino_t inode = 0;
  off_t size = -1;  // -1: there was no such file
  timespec changed{};
  // Returns false, too, if there was no such file.
  bool operator==(const FileVersion& other) const;
};

FileVersion version_of(const std::string& path);

}  // namespace thermos
