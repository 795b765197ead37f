// Descriptors kept for a day on which there are no others: work that must not fail for want of one
// borrows their places.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <vector>

#include "reactor/os/descriptor.h"

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

}  // namespace thermos
