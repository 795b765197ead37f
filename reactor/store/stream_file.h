// Checkpoint streams on the disk: opening, locking, appending, syncing, reading. The bytes are
// core/frame.h's business and the records capnp/codec.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "capnp/codec.h"
#include "core/base/result.h"
#include "core/record/frame.h"
#include "core/record/history.h"
#include "core/record/record.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Where a reader stands in a stream.
struct StreamPosition {
  std::size_t offset = 0;   // behind the last good record; 0: not even the header was read
  std::uint32_t chain = 0;  // of that record
};

// What reading to the end came to.
enum class StreamEnd : std::uint8_t {
  Clean,  // the file ends behind a record
  Torn,   // it ends inside one. While its writer lives that means: wait
};

// Why a checkpoint can't be opened, for people; `error_number`: errno's.
std::string open_failure(int error_number);
// Corrupt unless `fd` is a regular file: `path` may name a FIFO, a device or a directory.
Status check_is_file(int fd, const std::string& path);

// Reads the records of `fd` from `position` on, hands each to `take`, and moves `position` behind
// it. `name` is for errors. Corrupt (with file and offset) for bytes that can't be true; what
// `take` refuses keeps its code and gets file and offset too. `position` then stands before the
// offender. Records, and the views in them, are valid only during their call. `fd` need only be
// readable; its own file offset is neither used nor moved.
//
// The file is read and not mapped: a mapping of a file that is cut meanwhile ends in SIGBUS, and
// copying a buffer's worth at a time costs no more than the page faults.
Result<StreamEnd> read_stream(int fd, const std::string& name, StreamPosition& position,
                              const std::function<Status(const Record&)>& take);

// Everything a runner's stream says. `position` and `end` tell a would-be writer where to go on.
struct RunnerStream {
  History history;
  std::size_t records = 0;
  StreamPosition position;
  StreamEnd end = StreamEnd::Clean;
};
// NotFound when there is no such file. Corrupt, too, for another kind of stream: a runner's begins
// with its task's header.
Result<RunnerStream> read_runner_stream(const std::string& path);
// The same of an open file; `path` is for errors.
Result<RunnerStream> read_runner_stream(int fd, const std::string& path);

// The right to append to one stream. Owns the descriptor (O_APPEND, O_CLOEXEC) and its lock.
class StreamWriter {
 public:
  // Opens `path`, making it (0600, header written) if it isn't there, and takes its lock. Busy when
  // another holds it. Having the lock, it checks that the name still means the file it locked. A
  // new name is only on the disk for good after sync_directory().
  static Result<StreamWriter> open(const std::string& path);

  // Says where the good records end, from having read the file under the lock. Cuts a torn tail off
  // and says so in the log. REQUIRED before append(), but for a file that open() has just begun.
  Status resume_at(const StreamPosition& position, StreamEnd end);

  // Appends one record with one write(2). After any failure, a short write included, the stream is
  // closed for good: every later call repeats the error.
  // `position`: the event's in the daemon's order, 0 for none.
  Status append(const Record& record, std::uint64_t position = 0);
  // The payload that the last append() wrote; until the next one. REQUIRES: there was one.
  Bytes last_payload() const { return Bytes(frame_).subspan(kFrameHeaderBytes); }
  // Many records with few writes, for a file that is not in its place yet: the last of them are
  // only there after flush().
  Status append_later(const Record& record);
  Status flush();
  // Puts the file under another name, in place of what was there.
  Status rename_to(const std::string& path);
  // fdatasync. A failure closes the stream for good: it is never tried again as if nothing had
  // been.
  Status sync();
  // The same for the directory that its name is in.
  Status sync_name();

  // No record in it, as far as its size tells: what a torn write left behind may look like some.
  bool empty() const { return size_ <= kStreamHeaderBytes; }
  const std::string& path() const { return path_; }
  // Where the next record goes; {0, 0} while resume_at() is still to come.
  const StreamPosition& position() const { return position_; }
  int fd() const { return fd_.get(); }
  // Gives the locked descriptor away; the lock lives in it.
  Descriptor release() { return std::move(fd_); }

 private:
  StreamWriter(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Status begin();
  Status appendable() const;
  Status write_once(std::span<const std::byte> bytes, const char* what);
  Error fail(const std::string& what, int error_number);

  Descriptor fd_;
  std::string path_;
  StreamPosition position_;
  std::size_t size_ = 0;          // the file's
  bool ready_ = false;            // position_ is the end of the file
  std::string failure_;           // empty: none yet
  std::vector<std::byte> frame_;  // of the last append()
  std::vector<std::byte> later_;  // of append_later(), not written yet
};

// Whether someone holds the lock of the stream at `path`. False when there is no such file. Asking
// takes nothing from anybody: an open() at the same moment is not refused for it.
Result<bool> stream_is_locked(const std::string& path);

}  // namespace thermos
