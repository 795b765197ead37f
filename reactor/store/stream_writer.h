// Writes checkpoint streams: creates, locks, appends and syncs them. A coordinator, which has
// little memory and no library, has a writer of its own: coordinator/stream_appender.h.
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
#include "reactor/store/stream_lock.h"
#include "reactor/store/stream_reader.h"

namespace thermos {

// The right to append to one stream. Owns the descriptor (O_APPEND, O_CLOEXEC) and its lock.
class StreamWriter {
 public:
  // Opens `path`, creates it (0600, header written) if it doesn't exist, and takes its lock without
  // waiting. Fails with Busy if someone holds the lock or asks about it at this moment
  // (stream_is_locked() tells which). Once locked, the name is checked to still mean the locked
  // file. A new file's name is durable only after sync_name().
  static Result<StreamWriter> open(const std::string& path);
  // Opens a coordinator's stream in the same way. The coordinator writes the header with its first
  // record, which saves a write and the event that it causes. So a file without a record is left
  // empty, or cut to empty, and position() stays {0, 0}. REQUIRED before release() of an empty
  // stream: begin_later().
  static Result<StreamWriter> open_for_coordinator(const std::string& path);
  // Opens a stream as open() does, but waits for the lock as lock_stream_patiently() does.
  static Result<StreamWriter> open_patiently(const std::string& path);

  // Sets where the good records end, as read from the file under the lock. Cuts off a torn record
  // and logs that. REQUIRED before append(), except for a file that open() has just created.
  Status resume_at(const StreamPosition& position, StreamEnd end);
  // Does the same if position.offset is the file's size at open(). Does not ask for the size again,
  // because nobody else may write the file while this writer holds the lock.
  void resume_at_end(const StreamPosition& position);
  // Returns the epoch for the header, which another program, the one that gets the descriptor, will
  // write. REQUIRES: the stream is empty.
  Result<std::uint64_t> begin_later();

  // Appends one record with one write(2). Fails with Busy, and writes nothing, if someone else has
  // written to the file since (core/record/sole_writer.h). After any failure, a short write
  // included, the writer stays closed: every later call returns the same error. `position` is the
  // event's position in the daemon's order; 0: none.
  Status append(const Record& record, std::uint64_t position = 0);
  // Queues a record. flush() writes all queued records with one write(2). Nothing may act on a
  // queued record before that: a crash can lose all of them, or end the file inside any of them.
  // Once 64 KiB are queued, the next call writes them, because a longer write would gain nothing.
  Status append_later(const Record& record, std::uint64_t position = 0);
  Status flush();
  // If `held`, append_later() never writes by itself, however many records are queued.
  void hold(bool held) { held_ = held; }
  // Fails with Busy, as a write would, if someone else has written to the file. The writer then
  // stays closed.
  Status check_alone();
  // The payload of the last append of either kind; valid until the next. REQUIRES: there was one.
  Bytes last_payload() const { return Bytes(frames_).last(last_).subspan(kFrameHeaderBytes); }
  // Renames the file to `path`, and replaces a file of that name.
  Status rename_to(const std::string& path);
  // Calls fdatasync(2). After a failure the writer stays closed and never syncs again: the kernel
  // treats the lost pages as clean, so another sync would report success.
  Status sync();
  // Takes the result of an fdatasync(2) of fd() that the caller made: 0, or the errno. Returns what
  // sync() would.
  Status synced(int error_number);
  // Syncs the directory that holds the file's name. After a failure the writer stays closed, as
  // after sync().
  Status sync_name();

  // Returns whether the file is too short to hold a record. A torn write may leave more bytes than
  // that.
  bool empty() const { return size_ <= kStreamHeaderBytes; }
  // The file's size in bytes: as open() found it, plus what this writer has written.
  std::size_t size() const { return size_; }
  const std::string& path() const { return path_; }
  // Where the next record is appended; {0, 0} before resume_at().
  const StreamPosition& position() const { return position_; }
  int fd() const { return fd_.get(); }
  // Gives up the locked descriptor; the lock goes with it.
  Descriptor release() { return std::move(fd_); }

 private:
  StreamWriter(LockedStream locked, std::string path);
  // Of a stream whose header this writes.
  static Result<StreamWriter> begun(Result<LockedStream> locked, const std::string& path);
  Status begin();
  Status appendable() const;
  Status write_once(std::span<const std::byte> bytes, const char* what);
  Error fail(const std::string& what, int error_number);

  Descriptor fd_;
  std::string path_;
  StreamPosition position_;
  std::size_t size_ = 0;           // of the file, in bytes
  bool ready_ = false;             // position_ is the end of the file
  bool for_coordinator_ = false;   // the coordinator writes the header
  bool held_ = false;              // only flush() writes
  std::optional<Error> failure_;   // the first failure, if there was one
  std::vector<std::byte> frames_;  // the queued records, or those of the last flush()
  std::size_t unwritten_ = 0;      // bytes of frames_ not yet written: all or none
  std::size_t last_ = 0;           // bytes of the last record in frames_
};

}  // namespace thermos
