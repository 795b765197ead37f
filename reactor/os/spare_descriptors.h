// Descriptors that are kept open as a reserve: work that must not fail with EMFILE closes them
// first.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <vector>

#include "reactor/os/descriptor.h"

namespace thermos {

class SpareDescriptors {
 public:
  explicit SpareDescriptors(std::size_t count) : kept_(count) { keep(); }

  // Calls `work` with the reserve closed, so that `count` descriptors are free below the process's
  // own limit (RLIMIT_NOFILE). Afterwards opens the reserve again as far as possible.
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

}  // namespace thermos
