#include "reactor/os/close_together.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>

namespace thermos {

void close_together(std::span<Descriptor> descriptors) {
  std::sort(descriptors.begin(), descriptors.end(),
            [](const Descriptor& a, const Descriptor& b) { return a.get() < b.get(); });
  for (std::size_t i = 0; i < descriptors.size();) {
    std::size_t end = i + 1;
    while (end < descriptors.size() && descriptors[end].get() == descriptors[end - 1].get() + 1) {
      ++end;
    }
    const auto first = static_cast<unsigned>(descriptors[i].get());
    const auto last = static_cast<unsigned>(descriptors[end - 1].get());
    if (descriptors[i] && end - i > 1 && ::close_range(first, last, 0) == 0) {
      for (; i < end; ++i) descriptors[i].release();
    } else {
      for (; i < end; ++i) descriptors[i].reset();
    }
  }
}

}  // namespace thermos
