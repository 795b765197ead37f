// Reading what a run printed. Its files, and the directories above them, belong to the task's user,
// who may have put anything in their place: a link to a file that only root may read, a FIFO.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/base/result.h"
#include "core/record/record.h"
#include "reactor/os/as_user.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Whose rights are taken to read a task's logs: its user's, where root reads. `recorded_by` owns
// the checkpoint, and is believed no more than they could have read themselves.
FileOwner log_reader_of(const RunnerHeader& header, std::uint32_t recorded_by);

// <log_dir>/<process>/<run>, held by a descriptor, so that nobody moves it from under a reader.
class LogDirectory {
 public:
  // Entered step by step as `owner`; no link is followed. NotFound when there is none.
  static Result<LogDirectory> enter(const RunnerHeader& header, const FileOwner& owner,
                                    const std::string& process, std::uint32_t run);
  LogDirectory(Descriptor fd, std::string path, FileOwner owner)
      : fd_(std::move(fd)), path_(std::move(path)), owner_(std::move(owner)) {}

  // A plain file of theirs, for reading. NotFound; NotPermitted, with what is there instead.
  Result<Descriptor> open(const std::string& name) const;
  // The inode that has the name now; 0: nothing has.
  std::uint64_t inode_of(const std::string& name) const;
  // Where inotify finds it, however the path to it has changed.
  std::string watched_path(const std::string& name) const;
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }

 private:
  Descriptor fd_;
  std::string path_;
  FileOwner owner_;
};

}  // namespace thermos
