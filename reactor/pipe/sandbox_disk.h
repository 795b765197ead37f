// Reads and writes the files of a sandbox that are carried over a node's pipe. All files are opened
// with the rights of the task's user, and no link leads out of the sandbox.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/sha256.h"
#include "core/runner/file_carrying.h"
#include "reactor/os/as_user.h"
#include "reactor/os/descriptor.h"

namespace thermos {

struct SandboxDisk {
  std::string sandbox;
  FileOwner owner;
  // Names the pipe. The temporary name of a file depends on it, because two pipes may write the
  // same file, on a shared disk or for two tasks in one sandbox.
  std::string pipe;
};

// A file that this end sends.
class FileSource {
 public:
  explicit FileSource(const SandboxDisk& disk) : disk_(disk) {}

  std::optional<carry::Failure> open(const std::string& path);
  const carry::FileFacts& facts() const { return facts_; }
  // Reads the next bytes of the file, and sets `size` to how many they are; 0 at the end of
  // facts().size bytes. If `size` is 0 before that, the file has changed.
  std::optional<carry::Failure> read(std::span<std::byte> bytes, std::size_t& size);
  // Whether all of facts().size was read.
  bool at_end() const { return read_ == facts_.size; }
  // Whether the file has changed since it was opened.
  bool has_changed() const;
  // Returns the digest of the bytes that were read.
  carry::Digest digest() { return sum_.digest(); }
  void close() { file_.reset(); }

 private:
  const SandboxDisk& disk_;
  std::string path_;
  Descriptor file_;
  carry::FileFacts facts_;
  std::uint64_t read_ = 0;
  Sha256 sum_;
};

// A file that this end receives. Until it is complete, it has a temporary name in the same
// directory.
class FileTarget {
 public:
  explicit FileTarget(const SandboxDisk& disk) : disk_(disk) {}
  ~FileTarget() { discard(); }
  FileTarget(const FileTarget&) = delete;
  FileTarget& operator=(const FileTarget&) = delete;

  // Whether the file at this path is the one with these facts.
  bool is_there(const std::string& path, const carry::FileFacts& facts) const;
  // Makes the file under the temporary name, and the directories in which it lies.
  std::optional<carry::Failure> begin(const std::string& path, const carry::FileFacts& facts);
  std::optional<carry::Failure> write(std::string_view bytes);
  // Syncs the file to the disk if the bytes that were written have this digest. Then, if
  // may_place() returns true, renames the file to its own name and syncs the directory.
  std::optional<carry::Failure> place(const carry::Digest& digest,
                                      const std::function<bool()>& may_place);
  // Removes the file, if there is one that still has the temporary name.
  void discard();
  // Removes the incomplete file of this path that a killed server or leader has left.
  void remove_leftover(const std::string& path) const;

 private:
  bool is_aside() const;  // the file with the temporary name is the one that is written

  const SandboxDisk& disk_;
  std::string path_;
  std::string aside_;  // the temporary name, in directory_; empty: there is no such file
  std::string name_;
  Descriptor directory_;
  Descriptor file_;
  std::uint64_t unsynced_ = 0;
  Sha256 sum_;
};

}  // namespace thermos
