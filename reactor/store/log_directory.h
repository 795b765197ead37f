// Reads the output of a run. Its files, and the directories above them, belong to the task's user,
// who may have put anything in their place: a link to a file that only root may read, or a FIFO.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/base/result.h"
#include "core/record/record.h"
#include "reactor/os/as_user.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// The user whose rights are used to read a task's logs: when root reads, the task's user. If
// `recorded_by`, the uid that owns the checkpoint, is not root, then that user instead, because
// their records may name any user.
FileOwner log_reader_of(const RunnerHeader& header, std::uint32_t recorded_by);

// The directory <log_dir>/<process>/<run>, held open, so that nobody can move it away from a
// reader.
class LogDirectory {
 public:
  // Opens the directory as `owner`, one path component at a time, and follows no link. Fails with
  // NotFound, NotPermitted or System.
  static Result<LogDirectory> enter(const RunnerHeader& header, const FileOwner& owner,
                                    const std::string& process, std::uint32_t run);
  LogDirectory(Descriptor fd, std::string path, FileOwner owner)
      : fd_(std::move(fd)), path_(std::move(path)), owner_(std::move(owner)) {}

  // Opens a regular file of the owner's for reading. Fails with NotFound or System, or with
  // NotPermitted for anything else (a link, a FIFO, another user's file, a file with another hard
  // link). The message says what was found instead.
  Result<Descriptor> open(const std::string& name) const;
  // The inode number of the file of that name; 0 if there is none.
  std::uint64_t inode_of(const std::string& name) const;
  // The path by which inotify can watch the file, even if the directory was moved.
  std::string watched_path(const std::string& name) const;
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }

 private:
  Descriptor fd_;
  std::string path_;
  FileOwner owner_;
};

}  // namespace thermos
