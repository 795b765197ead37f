// The program `thermos`.
#include <spdlog/spdlog.h>

#include <csignal>

#include "reactor/commands/commands.h"
#include "reactor/os/first_process.h"
#include "reactor/os/log_lines.h"
#include "reactor/os/standard_descriptors.h"

int main(int argc, char** argv) {
  thermos::note_early_signals();
  thermos::name_first_process("thermos");
  thermos::fill_standard_descriptors();
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
