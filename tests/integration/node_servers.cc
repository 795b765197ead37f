#include "node_servers.h"

#include <unistd.h>

namespace thermos::real {

std::string launcher(const std::string& more) {
  return more + "exec env NODE={node} " THERMOS_BIN "/thermos-coordinator --serve";
}

Words nodes(const std::string& names, const std::string& command) {
  return {"--nodes", names + "=" + command};
}

std::vector<pid_t> servers(pid_t leader) {
  std::vector<pid_t> found;
  for (const pid_t parent : {leader, ::getpid()}) {
    for (const pid_t child : children_of(parent)) {
      if (program_of(child).ends_with("/thermos-node") && alive(child)) found.push_back(child);
    }
  }
  return found;
}

}  // namespace thermos::real
