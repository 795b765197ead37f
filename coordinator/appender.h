// Appending to the coordinator's stream, on a disk that may be full.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

namespace thermos::coordinator {

// Borrows the locked O_APPEND descriptor. The lock makes us the only writer, which is what makes
// cutting a half-written frame off again safe.
class Appender {
 public:
  explicit Appender(int fd);

  // One write(2) of the whole frame. False when the disk did not take all of it: what it took is
  // cut off again, now or by the next call, and the same frame may be tried again.
  bool append(std::span<const std::byte> frame);
  // Why the last one was not taken: errno.
  int error() const { return error_; }

 private:
  bool cut();

  int fd_;
  off_t size_;
  int error_ = 0;
  bool ragged_ = false;  // a part of a frame may stand behind size_
};

}  // namespace thermos::coordinator
