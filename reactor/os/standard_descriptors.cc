#include "reactor/os/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

namespace thermos {

void fill_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // open(2) returns the lowest free number, which is `fd`, because all below it are open.
    if (::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd) ::_exit(71);
  }
}

}  // namespace thermos
