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
  // (stream_is_locked() tells which). With the lock, it has checked that the name still means the
  // locked file. A new file's name is durable only after sync_name().
  static Result<StreamWriter> open(const std::string& path);
  // The same of a coordinator's stream, whose header the coordinator writes with its first record,
  // as that saves a write and the event of it: a file without a record is left, or cut, empty, and
  // position() stays {0, 0}. REQUIRED before release() of an empty one: begin_later().
  static Result<StreamWriter> open_for_coordinator(const std::string& path);
  // open(), for a program that has nothing else to do: waits as lock_stream_patiently() does.
  static Result<StreamWriter> open_patiently(const std::string& path);

  // Sets where the good records end, as read from the file under the lock. Cuts off a torn record
  // and logs that. REQUIRED before append(), except for a file that open() has just created.
  Status resume_at(const StreamPosition& position, StreamEnd end);
  // The same where position.offset is the file's size at open(): nobody may have written it since,
  // as the lock is ours, so that it is not asked again.
  void resume_at_end(const StreamPosition& position);
  // Returns the epoch of the header that another is to write, who gets the descriptor. REQUIRES: it
  // is empty.
  Result<std::uint64_t> begin_later();

  // Appends one record with one write(2). Fails with Busy, and writes nothing, if another has
  // written the file since (core/record/sole_writer.h). After any failure, a short write included,
  // the writer stays closed: every later call returns the same error. `position` is the event's
  // position in the daemon's order; 0: none.
  Status append(const Record& record, std::uint64_t position = 0);
  // Appends a record that flush() writes, with all that were appended so since, by one write(2).
  // Nothing may act on one before: a crash can lose them all, or tear the file's end inside any of
  // them. After so many that a longer write would gain nothing, those before are written at once.
  Status append_later(const Record& record, std::uint64_t position = 0);
  Status flush();
  // `held`: append_later() writes nothing at once, however many there are.
  void hold(bool held) { held_ = held; }
  // Fails with Busy, as a write would, if another has written the file since; then the writer stays
  // closed.
  Status check_alone();
  // The payload of the last append of either kind; valid until the next. REQUIRES: there was one.
  Bytes last_payload() const { return Bytes(frames_).last(last_).subspan(kFrameHeaderBytes); }
  // Renames the file, over whatever has that name.
  Status rename_to(const std::string& path);
  // Calls fdatasync(2). After a failure the writer stays closed and never syncs again: the kernel
  // would take the lost pages for clean, and report success.
  Status sync();
  // Takes the result of an fdatasync(2) of fd(): 0, or the errno.
  Status synced(int error_number);
  // Syncs the directory that holds the file's name, with the same rule.
  Status sync_name();

  // Whether the file is too short to hold a record. A torn write may leave more bytes behind.
  bool empty() const { return size_ <= kStreamHeaderBytes; }
  // The file's, in bytes, as open() found it or this made it since.
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
  std::size_t size_ = 0;           // the file's
  bool ready_ = false;             // position_ is the end of the file
  bool for_coordinator_ = false;   // who writes the header
  bool held_ = false;              // only flush() writes
  std::optional<Error> failure_;   // the first failure, if there was one
  std::vector<std::byte> frames_;  // those of the last flush(), or those since
  std::size_t unwritten_ = 0;      // bytes of them that are to be written: all, or none
  std::size_t last_ = 0;           // bytes of the last of them
};

}  // namespace thermos
