#include "bench/program_cost.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace thermos::bench {

Cost cost_of(pid_t pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  Cost cost;
  std::string line;
  std::ifstream stat(directory + "/stat");
  std::getline(stat, line);
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  cost.seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::ifstream status(directory + "/status");
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) cost.kibibytes = std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return cost;
}

}  // namespace thermos::bench
