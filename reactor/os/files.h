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
// Creates the file `path` (mode 0600), or replaces its contents, and returns it, open. If the
// writing fails, the file is removed.
Result<Descriptor> write_file(const std::string& path, std::string_view text);
// Replaces the file `path` atomically: writes the file `aside` (mode 0600), which is on the same
// file system, syncs it if `durable`, and renames it to `path`. The caller syncs the directories.
Status place_file(const std::string& path, std::string_view text, const std::string& aside,
                  bool durable);
// Calls fsync(2) on a directory, so that names created or renamed in it are durable.
Status sync_directory(const std::string& path);
// Syncs all these directories together. Sets each one's error if it fails, and leaves its Status as
// it was otherwise.
void sync_directories(std::map<std::string, Status>& paths, GroupSync& group_sync);

// Returns false only if there is certainly no such file. Returns true if the kernel can't tell
// (EIO).
bool exists(const std::string& path);
// Returns whether `path` is a directory, or a symbolic link to one.
bool is_directory(const std::string& path);
// Returns the uid that owns the file, or 0 if there is no such file.
std::uint32_t owner_of(const std::string& path);
// Returns the names in a directory, sorted, without those that start with '.'; none if the
// directory does not exist or cannot be read.
std::vector<std::string> list_directory(const std::string& path);

// Creates a directory and its missing parents with `mode`, like mkdir -p.
Status make_directories(const std::string& path, unsigned mode);

}  // namespace thermos
