// Files and directories by their paths: read, made, replaced and listed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace thermos {

// The whole of a file. NotFound, or System.
Result<std::string> read_file(const std::string& path);
// The same, aligned as Cap'n Proto wants it.
struct FileWords {
  std::vector<std::uint64_t> words;
  std::size_t size = 0;  // bytes; the last word may have more
};
Result<FileWords> read_words(const std::string& path);

// Puts `text` in the place of `path`: written aside (0600), synced, renamed, the directory synced.
Status replace_file(const std::string& path, std::string_view text);
// Puts `text` in the place of `path` by way of `aside`, a name on the same file system: written
// there (0600), synced where it is to be `durable`, and renamed. The names are the caller's to
// sync.
Status place_file(const std::string& path, std::string_view text, const std::string& aside,
                  bool durable);
// fsync of a directory, so that names made or renamed in it last.
Status sync_directory(const std::string& path);

bool exists(const std::string& path);
// Names in a directory, sorted; without those that start with '.'. None when it isn't there.
std::vector<std::string> list_directory(const std::string& path);

// mkdir -p with `mode` for what it makes.
Status make_directories(const std::string& path, unsigned mode);

}  // namespace thermos
