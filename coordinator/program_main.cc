// thermos-coordinator: a reactor starts it once, with a socket as descriptor 3.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <string_view>

#include "coordinator/fork_server.h"
#include "coordinator/kernel.h"
#include "coordinator/line_buffer.h"

namespace {

bool is_socket(int fd, int wanted) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == wanted;
}

// Executes thermos-node for `thermos-coordinator --serve`. That program stands beside this one and
// serves a node: it has a loop, and starts a thermos-coordinator of its own. Returns only if it
// can't be executed.
void become_server(char** argv) {
  constexpr std::string_view kServer = "thermos-node";
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (size <= 0) return;
  const std::string_view self(path.data(), static_cast<std::size_t>(size));
  const std::size_t slash = self.rfind('/');
  if (slash == std::string_view::npos || slash + 1 + kServer.size() >= path.size()) return;
  std::copy(kServer.begin(), kServer.end(), path.begin() + static_cast<std::ptrdiff_t>(slash) + 1);
  path[slash + 1 + kServer.size()] = '\0';
  ::execv(path.data(), argv);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace thermos::coordinator;  // NOLINT(google-build-using-namespace)
  if (argc == 2 && std::string_view(argv[1]) == "--serve") {
    become_server(argv);
    LineBuffer()
        .add("thermos-coordinator: cannot start thermos-node, which belongs beside it")
        .print();
    return 1;
  }
  if (!is_socket(kLaunchSocket, SOCK_SEQPACKET)) {
    LineBuffer()
        .add(
            "thermos-coordinator: started by thermos and thermos-reactor, with a socket as "
            "descriptor 3; it cannot be started by hand")
        .print();
    return 64;
  }
  hold_all_signals();
  // Leave the terminal's session, and any file system that someone may want to unmount.
  ::setsid();
  if (::chdir("/") != 0) return 1;
  ::prctl(PR_SET_NAME, "thermos-forks", 0, 0, 0);

  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) {
    LineBuffer().add("thermos-coordinator: cannot open /dev/null").print();
    return 1;
  }
  // 0, 1 and 2 must be open, or a descriptor received later could get one of these numbers.
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  if (::fcntl(STDERR_FILENO, F_GETFD) < 0) ::dup2(null, STDERR_FILENO);
  const bool write_failures = is_socket(kWriteFailureSocket, SOCK_DGRAM);
  if (write_failures) ::fcntl(kWriteFailureSocket, F_SETFD, FD_CLOEXEC);
#ifdef SYS_close_range
  const int last = write_failures ? kWriteFailureSocket : kLaunchSocket;
  ::syscall(SYS_close_range, static_cast<unsigned>(last) + 1, ~0U, 0U);
#else
  ::close(null);
#endif
  return serve_launches(kLaunchSocket, write_failures ? kWriteFailureSocket : -1);
}
