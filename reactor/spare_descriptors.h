// Descriptors kept for a day on which there are no others: work that must not fail for want of one
// borrows their places.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "reactor/descriptor.h"

namespace thermos {

class SpareDescriptors {
 public:
  explicit SpareDescriptors(std::size_t count) : kept_(count) { keep(); }

  // Calls `work` with that many places free (as far as the process's own limit goes), and takes
  // back what it left free.
  template <typename Work>
  void lend(const Work& work) {
    for (Descriptor& descriptor : kept_) descriptor.reset();
    work();
    keep();
  }

 private:
  void keep() {
    for (Descriptor& descriptor : kept_) {
      if (!descriptor) descriptor.reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
  }

  std::vector<Descriptor> kept_;
};

// Takes one client in, on a spare's place if need be. None: nobody waits any more, or, with
// `too_few` set, there is no descriptor to be had: who waits at the door would wake us again and
// again, so don't look there until somebody has left.
inline Descriptor accept_client(int listening, SpareDescriptors& spare, bool& too_few) {
  Descriptor client;
  spare.lend([&] {
    client.reset(accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    too_few = !client && (errno == EMFILE || errno == ENFILE);
  });
  return client;
}

}  // namespace thermos
