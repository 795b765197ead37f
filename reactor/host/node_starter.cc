#include "reactor/host/node_starter.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "core/base/text.h"
#include "core/task/node_choice.h"
#include "reactor/os/program_beside.h"
#include "reactor/os/program_output.h"

namespace thermos {
namespace {

constexpr std::string_view kHole = "{node}";
constexpr std::string_view kSsh = "ssh:";

Error bad(std::string what) {
  return {ErrorCode::BadConfig, "nodes: " + std::move(what)};
}

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

Result<std::vector<std::string>> names_of(std::string_view list, char separator) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    const std::string_view name = list.substr(0, end);
    if (auto good = check_node_name(name); !good) return bad(good.error().message);
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return bad(quoted(name) + " is named twice");
    }
    names.emplace_back(name);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  if (names.empty()) return bad("no node is named");
  return names;
}

// Returns the command that runs a node's server. The program has the same path on each node.
Result<std::string> server_command() {
  auto coordinator = program_beside("thermos-coordinator");
  if (!coordinator) return coordinator.error();
  return shell_quoted(*coordinator) + " --serve";
}

Result<NodeStarter> slurm_nodes() {
  const char* list = std::getenv("SLURM_JOB_NODELIST");
  if (list == nullptr) {
    return Error{ErrorCode::NotFound,
                 "nodes: slurm: SLURM_JOB_NODELIST is not set; run this inside a job of Slurm"};
  }
  const auto printed = output_of({"scontrol", "show", "hostnames", list});
  if (!printed) {
    return Error{ErrorCode::NotFound, "nodes: slurm: `scontrol show hostnames " +
                                          std::string(list) + "` does not tell the nodes"};
  }
  auto names = names_of(*printed, '\n');
  if (!names) return names.error();
  auto server = server_command();
  if (!server) return server.error();
  NodeStarter starter;
  starter.names = std::move(*names);
  starter.start = "exec srun --overlap --quiet -N1 -n1 -w {node} -u " + *server;
  // A node is gone if the job does not have it any more, because the node failed or belonged to an
  // earlier allocation: Slurm ends what runs there. A node is gone, too, if its state says so. A
  // state is one or more words with '+' between them, and a mark may follow: DOWN*, IDLE+DRAIN.
  starter.gone =
      "list=$(scontrol --oneliner show job \"$SLURM_JOB_ID\" | "
      "sed -n 's/.* NodeList=\\([^ ]*\\).*/\\1/p'); "
      "case $list in ''|'(null)') exit 1;; esac; "
      "scontrol show hostnames \"$list\" | grep -qxF {node} || exit 0; "
      "scontrol --oneliner show node {node} | "
      "grep -Eq ' State=([A-Z_]+[*+])*(DOWN|FAIL|POWERED_DOWN|POWERING_DOWN)([*+ ]|$)'";
  return starter;
}

Result<NodeStarter> ssh_nodes(std::string_view list) {
  auto names = names_of(list, ',');
  if (!names) return names.error();
  auto server = server_command();
  if (!server) return server.error();
  NodeStarter starter;
  starter.names = std::move(*names);
  starter.start =
      "exec ssh -T -oBatchMode=yes -oConnectTimeout=30 -oServerAliveInterval=15 {node} " +
      shell_quoted(*server);
  return starter;
}

Result<NodeStarter> command_nodes(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return bad(quoted(text) +
               " is neither slurm, nor ssh:A,B, nor A,B=COMMAND with {node} in the command");
  }
  auto names = names_of(text.substr(0, equals), ',');
  if (!names) return names.error();
  NodeStarter starter{std::move(*names), std::string(text.substr(equals + 1)), {}};
  if (starter.start.find(kHole) == std::string::npos) {
    return bad("there is no {node} in the command that starts a node's server: " +
               quoted(starter.start));
  }
  return starter;
}

}  // namespace

Result<NodeStarter> find_nodes(const Nodes& nodes) {
  const std::string_view by = nodes.by;
  Result<NodeStarter> starter = by == "slurm"          ? slurm_nodes()
                                : by.starts_with(kSsh) ? ssh_nodes(by.substr(kSsh.size()))
                                                       : command_nodes(by);
  if (starter && !nodes.gone.empty()) starter->gone = nodes.gone;
  return starter;
}

std::string command_for(std::string_view command, std::string_view node) {
  std::string text;
  for (;;) {
    const std::size_t hole = command.find(kHole);
    text += command.substr(0, hole);
    if (hole == std::string_view::npos) return text;
    text += shell_quoted(node);
    command.remove_prefix(hole + kHole.size());
  }
}

}  // namespace thermos
