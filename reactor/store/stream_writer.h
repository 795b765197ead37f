// Writing checkpoint streams: making, locking, appending, syncing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capnp/codec.h"
#include "core/base/result.h"
#include "core/record/frame.h"
#include "core/record/record.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/stream_reader.h"

namespace thermos {

// The right to append to one stream. Owns the descriptor (O_APPEND, O_CLOEXEC) and its lock.
class StreamWriter {
 public:
  // Opens `path`, making it (0600, header written) if it isn't there, and takes its lock. Busy when
  // it is not to be had now, and it does not wait: somebody holds it, or only asks about it at this
  // moment (stream_is_locked() tells which). Having the lock, it checks that the name still means
  // the file it locked. A new name is only on the disk for good after sync_directory().
  static Result<StreamWriter> open(const std::string& path);
  // The same, for a program that has nothing else to do: waits for those who only ask, a second at
  // the most.
  static Result<StreamWriter> open_patiently(const std::string& path);

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
  std::optional<Error> failure_;  // nothing: none yet
  std::vector<std::byte> frame_;  // of the last append()
  std::vector<std::byte> later_;  // of append_later(), not written yet
};

}  // namespace thermos
