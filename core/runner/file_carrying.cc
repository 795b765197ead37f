#include "core/runner/file_carrying.h"

namespace thermos::carry {

bool is_same_file(const FileFacts& one, const FileFacts& other) {
  return one.inode == other.inode && one.size == other.size && one.mtime == other.mtime;
}

}  // namespace thermos::carry
