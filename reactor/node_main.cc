// The program `thermos-node`, which `thermos-coordinator --serve` becomes.
#include <unistd.h>

#include <csignal>
#include <exception>

#include <spdlog/spdlog.h>

#include "reactor/node/node_server.h"
#include "reactor/os/first_process.h"
#include "reactor/os/log_lines.h"
#include "reactor/os/standard_descriptors.h"

int main() {
  thermos::name_first_process("thermos-node");
  thermos::fill_standard_descriptors();
  // The server ignores these signals. An engine that takes the machine back tells the leader, too,
  // and the leader ends what runs here. A user who logs out or interrupts the leader means only the
  // leader.
  for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGUSR1, SIGUSR2}) {
    std::signal(signal, SIG_IGN);
  }
  thermos::log_to_stderr("thermos", "%v");
  spdlog::set_level(spdlog::level::warn);
  if (::isatty(STDIN_FILENO) == 1) {
    spdlog::error(
        "thermos-coordinator --serve is started by the leader of a task, which speaks to it over "
        "standard input and output; it cannot be started by hand");
    return 64;
  }
  try {
    return thermos::serve_node();
  } catch (const std::exception& e) {
    spdlog::error("{}", e.what());
    return 1;
  }
}
