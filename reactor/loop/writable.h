// Tells when a descriptor that is shared with other programs, such as standard output, can be
// written to. Poll would make it non-blocking for all of them.
#pragma once

#include <functional>

#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class Writable {
 public:
  // Borrows `fd`, which must stay open as long as this lives. `call` may destroy this.
  Writable(Loop& loop, int fd, std::function<void()> call);

  // Calls `call` once, when the descriptor can be written to or has failed. Returns false if the
  // kernel can't wait for this descriptor, such as a regular file, whose writes don't wait either.
  bool wait();

 private:
  void ready();

  int fd_;
  std::function<void()> call_;
  Descriptor epoll_;  // is readable when `fd_` is writable
  std::optional<Poll> poll_;
};

}  // namespace thermos
