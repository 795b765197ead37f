// Checkpoint streams on the disk: opening, locking, appending, syncing, reading. The bytes are
// core/frame.h's business and the records capnp/codec.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "capnp/codec.h"
#include "core/frame.h"
#include "core/history.h"
#include "core/record.h"
#include "core/result.h"
#include "reactor/descriptor.h"

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

// Reads the records of `fd` from `position` on, hands each to `take`, and moves `position` behind
// it. `name` is for errors. Corrupt (with file and offset) for bytes that can't be true, and for
// what `take` refuses; `position` then stands before the offender. The file is mapped, or read,
// once; records are valid only during their call.
Result<StreamEnd> read_stream(int fd, const std::string& name, StreamPosition& position,
                              const std::function<Status(const Record&)>& take);

// Everything a runner's stream says. `position` and `end` tell a would-be writer where to go on.
struct RunnerStream {
  History history;
  StreamPosition position;
  StreamEnd end = StreamEnd::Clean;
};
// NotFound when there is no such file.
Result<RunnerStream> read_runner_stream(const std::string& path);

// The right to append to one stream. Owns the descriptor (O_APPEND, O_CLOEXEC) and its lock.
class StreamWriter {
 public:
  // Opens `path`, making it (0600, header written) if it isn't there, and takes its lock. Busy when
  // another holds it. Having the lock, it checks that the name still means the file it locked.
  static Result<StreamWriter> open(const std::string& path);

  // Says where the good records end, from having read the file under the lock. Cuts a torn tail off
  // and says so in the log. REQUIRED before append().
  Status resume_at(const StreamPosition& position, StreamEnd end);

  // Appends one record with one write(2). After any failure, a short write included, the stream is
  // closed for good: every later call repeats the error.
  Status append(const Record& record);
  // fdatasync. A failure closes the stream for good: it is never tried again as if nothing had
  // been.
  Status sync();

  bool empty() const { return position_.offset <= kStreamHeaderBytes; }
  const std::string& path() const { return path_; }
  const StreamPosition& position() const { return position_; }
  int fd() const { return fd_.get(); }
  // Gives the locked descriptor away; the lock lives in it.
  Descriptor release() { return std::move(fd_); }

 private:
  StreamWriter(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Error fail(std::string what, int error_number);

  Descriptor fd_;
  std::string path_;
  StreamPosition position_;
  std::string failure_;  // empty: none yet
  std::vector<std::byte> frame_;
};

// Whether someone holds the lock of the stream at `path`. False when there is no such file.
Result<bool> stream_is_locked(const std::string& path);

// fsync of a directory, so that names made or renamed in it last.
Status sync_directory(const std::string& path);

}  // namespace thermos
