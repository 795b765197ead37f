// Reads, replaces, creates and lists files and directories by path. Errors are system_error()'s.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/group_sync.h"

namespace thermos {

// Returns the contents of a file.
Result<std::string> read_file(const std::string& path);

// Replaces the file `path` by one with the contents `text`, atomically and durably: writes a
// temporary file (mode 0600), syncs it, renames it and syncs the directory.
Status replace_file(const std::string& path, std::string_view text);
// Makes the file `path` (mode 0600), or replaces its contents, and returns it, open. On an error
// there is none.
Result<Descriptor> write_file(const std::string& path, std::string_view text);
// Replaces the file `path` by way of `aside`, a name on the same file system: writes that file
// (mode 0600), syncs it if `durable`, and renames it. The caller syncs the directories.
Status place_file(const std::string& path, std::string_view text, const std::string& aside,
                  bool durable);
// Calls fsync(2) on a directory, so that names created or renamed in it are durable.
Status sync_directory(const std::string& path);
// The same for all of these together. Each gets its result.
void sync_directories(std::map<std::string, Status>& paths, GroupSync& group_sync);

// False only if there surely is no such file: where that can't be told (EIO), there may be one.
bool exists(const std::string& path);
// Whether there is a directory, or a symbolic link to one.
bool is_directory(const std::string& path);
// The uid that owns the file; 0 if there is none.
std::uint32_t owner_of(const std::string& path);
// Returns the names in a directory, sorted, without those that start with '.'; none if the
// directory does not exist or cannot be read.
std::vector<std::string> list_directory(const std::string& path);

// Creates a directory and its missing parents with `mode`, like mkdir -p.
Status make_directories(const std::string& path, unsigned mode);

}  // namespace thermos
