// Appends frames to the coordinator's stream, and leaves no part of a frame when the disk is full.
// The runner has a writer of its own: reactor/store/stream_writer.h.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

namespace thermos::coordinator {

// Borrows the locked O_APPEND descriptor `fd`. The lock makes this the only writer, so that
// truncating a half-written frame is safe.
class Appender {
 public:
  explicit Appender(int fd);

  // Writes the whole frame with one write(2). Returns false if that failed or was short: then the
  // written part is truncated, in this call or the next, and the caller may try the same frame
  // again.
  bool append(std::span<const std::byte> frame);
  // The errno of the last append() that failed; ENOSPC for a short write.
  int error() const { return error_; }

 private:
  bool cut();

  int fd_;
  off_t size_;
  int error_ = 0;
  bool ragged_ = false;  // the file may hold a part of a frame behind size_
};

}  // namespace thermos::coordinator
