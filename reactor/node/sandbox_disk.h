// The files of a sandbox that are carried over a node's pipe: read on one end, written on the
// other. All of them are opened with the rights of the task's user, and no link leads out of the
// sandbox.
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
  // Whose pipe it is: two that write the same file on a disk that they share, or for two tasks in
  // one sandbox, write it under two names.
  std::string pipe;
};

// A file that is sent.
class FileSource {
 public:
  explicit FileSource(const SandboxDisk& disk) : disk_(disk) {}

  std::optional<carry::Failure> open(const std::string& path);
  const carry::FileFacts& facts() const { return facts_; }
  // Reads what comes behind that which was read before. Returns how much it is: at the end of
  // facts().size bytes, nothing. Fewer bytes than those are a change.
  std::optional<carry::Failure> read(std::span<std::byte> bytes, std::size_t& size);
  // Whether all of facts().size was read.
  bool at_end() const { return read_ == facts_.size; }
  // Whether the file is not what it was when it was opened.
  bool has_changed() const;
  // Of what was read.
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

// A file that comes: under another name beside its own, until it is whole.
class FileTarget {
 public:
  explicit FileTarget(const SandboxDisk& disk) : disk_(disk) {}
  ~FileTarget() { discard(); }
  FileTarget(const FileTarget&) = delete;
  FileTarget& operator=(const FileTarget&) = delete;

  // Whether the file at this path is that one.
  bool is_there(const std::string& path, const carry::FileFacts& facts) const;
  // Makes the file, and the directories in which it lies.
  std::optional<carry::Failure> begin(const std::string& path, const carry::FileFacts& facts);
  std::optional<carry::Failure> write(std::string_view bytes);
  // If what was written has this digest, puts it on the disk; then, if `may_place` says so, gives
  // it its name, and that is on the disk, too.
  std::optional<carry::Failure> place(const carry::Digest& digest,
                                      const std::function<bool()>& may_place);
  // Removes it, if there is one that has no name of its own yet.
  void discard();
  // Removes what an end that was killed has left of this path.
  void remove_leftover(const std::string& path) const;

 private:
  bool is_aside() const;  // the file that is written is the one aside

  const SandboxDisk& disk_;
  std::string path_;
  std::string aside_;  // in directory_; empty: there is none
  std::string name_;
  Descriptor directory_;
  Descriptor file_;
  std::uint64_t unsynced_ = 0;
  Sha256 sum_;
};

}  // namespace thermos
