// The program `thermos`.
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>

#include "reactor/commands/commands.h"
#include "reactor/os/first_process.h"
#include "reactor/os/log_lines.h"

namespace {

// If a standard descriptor is closed at the start, the next opened file would get its number, and
// output would be written into a checkpoint.
void fill_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is this one: those below it are open.
    if (::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd) ::_exit(71);
  }
}

}  // namespace

int main(int argc, char** argv) {
  thermos::note_early_signals();
  fill_standard_descriptors();
  // `thermos run ... | head` must not end the task.
  std::signal(SIGPIPE, SIG_IGN);
  // With SIGXFSZ ignored, a write beyond RLIMIT_FSIZE fails with EFBIG and is reported as an error.
  std::signal(SIGXFSZ, SIG_IGN);
  // Ignored, as we may have been started, it would leave nothing to wait for of our children.
  std::signal(SIGCHLD, SIG_DFL);
  thermos::log_to_stderr("thermos", "thermos: %l: %v");
  spdlog::set_level(spdlog::level::warn);
  return thermos::carry_out(thermos::Arguments(argv + (argc > 0 ? 1 : 0), argv + argc));
}
