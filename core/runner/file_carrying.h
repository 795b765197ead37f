// What the two state machines have in common that carry files over a node's pipe: FileSending
// (file_sending.h) for the end that has a file, and FileReceiving (file_receiving.h) for the end
// that needs it. They take events and return effects, like NodeLink; they know no descriptor, no
// pipe and no clock.
//
// A file is at the other end whole or not at all: it is written under another name, and renamed
// when its size and its digest are those that were sent. Where both ends see the same file already,
// as on a shared file system, nothing is copied. NODES.md describes the messages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace thermos::carry {

// What tells one file from another. Two disks may give one inode number to two files, but not if
// the files were also written in the same nanosecond.
struct FileFacts {
  std::uint64_t size = 0;
  std::int64_t mtime = 0;  // nanoseconds
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;  // the permissions
  bool operator==(const FileFacts&) const = default;
};
// Returns whether files at the same path of the sandbox are one file.
bool is_same_file(const FileFacts& one, const FileFacts& other);

using Digest = std::array<std::uint8_t, 32>;  // SHA-256

// Why a file can't be carried. `retry`: the machine is short of something.
struct Failure {
  bool retry = false;
  std::string reason;
};

enum class Reply : std::uint8_t {
  Wanted,  // the pieces may come
  There,   // the file is there: it was placed, or it is the same
  Failed,
};
inline constexpr std::size_t kReplies = 3;

}  // namespace thermos::carry
