#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/graph.h"
#include "core/text.h"

namespace thermos {
namespace {

constexpr std::size_t kMaxName = 243;         // "coordinator." and it make one file name of 255
constexpr std::size_t kMaxCmdline = 131'071;  // Linux takes 32 pages an argument, its NUL included
constexpr std::size_t kMaxProcesses = std::numeric_limits<ProcessIndex>::max() - 1;
constexpr Microseconds kMaxSeconds = 1'000'000'000;
constexpr double kMaxCpu = 1e6;
constexpr std::size_t kMaxShownInCycle = 12;

using Names = std::unordered_map<std::string_view, ProcessIndex>;
// What is wrong; nullopt when nothing is.
using Complaint = std::optional<std::string>;

Error bad(std::string path, std::string_view what) {
  return {ErrorCode::BadConfig, std::move(path.append(": ").append(what))};
}

std::string at(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 || c == 0x7F);
}

Complaint check_name(std::string_view name) {
  if (name.empty()) return "a name can't be empty";
  if (name.size() > kMaxName) {
    return quoted(name) + " is " + std::to_string(name.size()) +
           " bytes long: a name has at most 243, to fit into a file name";
  }
  if (name.front() == '.') return quoted(name) + ": a name can't begin with '.'";
  if (name.find('/') != std::string_view::npos) return quoted(name) + ": a name can't hold '/'";
  // Also so that a name can't forge a line of output.
  if (std::any_of(name.begin(), name.end(), is_control)) {
    return quoted(name) + ": a name can't hold control characters";
  }
  if (!is_utf8(name)) return quoted(name) + " is not UTF-8";
  return std::nullopt;
}

Complaint check_cmdline(std::string_view cmdline) {
  if (cmdline.empty()) return "is empty";
  if (cmdline.size() > kMaxCmdline) {
    return "is " + std::to_string(cmdline.size()) +
           " bytes long: the kernel takes at most 131071 in one argument";
  }
  if (cmdline.find('\0') != std::string_view::npos) return "holds a NUL byte";
  if (!is_utf8(cmdline)) return "is not UTF-8";
  return std::nullopt;
}

Complaint check_user(std::string_view user) {
  if (std::any_of(user.begin(), user.end(), is_control)) {
    return quoted(user) + ": a user's name can't hold control characters";
  }
  if (!is_utf8(user)) return quoted(user) + " is not UTF-8";
  return std::nullopt;
}

Complaint check_duration(Microseconds duration) {
  if (duration < 0 || duration > kMaxSeconds * kSecond) {
    return "is out of range: 0 to 1000000000 seconds";
  }
  return std::nullopt;
}

std::optional<Error> check_resources(const std::string& path, const Resources& resources) {
  // Written so that a NaN fails too.
  if (!(resources.cpu >= 0 && resources.cpu <= kMaxCpu)) {
    return bad(path + ".cpu", "is out of range: 0 to 1000000 cores");
  }
  if (resources.ram < 0) return bad(path + ".ram", "is out of range: 0 to 9223372036854775807");
  if (resources.disk < 0) return bad(path + ".disk", "is out of range: 0 to 9223372036854775807");
  return std::nullopt;
}

std::optional<Error> check_process(const ProcessConfig& process, ProcessIndex index) {
  // The path is made only when it is needed: there may be a million processes.
  const auto path = [index] { return at("processes", index); };
  if (auto complaint = check_name(process.name)) return bad(path() + ".name", *complaint);
  if (auto complaint = check_cmdline(process.cmdline)) return bad(path() + ".cmdline", *complaint);
  if (auto complaint = check_duration(process.min_duration)) {
    return bad(path() + ".min_duration", *complaint);
  }
  if (process.resources) return check_resources(path() + ".resources", *process.resources);
  return std::nullopt;
}

std::optional<Error> check_fields(const TaskConfig& task) {
  if (task.processes.empty()) return bad("processes", "a task needs at least one process");
  if (task.processes.size() > kMaxProcesses) {
    return bad("processes", "a task has at most 4294967294 processes");
  }
  for (std::size_t i = 0; i < task.processes.size(); ++i) {
    if (auto error = check_process(task.processes[i], static_cast<ProcessIndex>(i))) return error;
  }
  // Behind the processes: a task without a name of its own has the first one's, and a fault in that
  // is better shown where it was written.
  if (auto complaint = check_name(task.name)) return bad("name", *complaint);
  if (task.resources) {
    if (auto error = check_resources("resources", *task.resources)) return error;
  }
  if (auto complaint = check_duration(task.finalization_wait)) {
    return bad("finalization_wait", *complaint);
  }
  if (auto complaint = check_user(task.user)) return bad("user", *complaint);
  return std::nullopt;
}

Error unknown_name(const TaskConfig& task, std::string path, std::string_view name) {
  NearestWord nearest(name);
  for (const ProcessConfig& process : task.processes) nearest.offer(process.name);
  return bad(std::move(path), "there is no process " + quoted(name, kMaxName) + nearest.hint());
}

// "" when `after` may wait for `before`.
std::string why_not(const ProcessConfig& before, const ProcessConfig& after) {
  const std::string both =
      quoted(after.name, kMaxName) + " can't wait for " + quoted(before.name, kMaxName);
  if (before.daemon) return both + ", a daemon: it runs again and again and never ends";
  if (before.ephemeral && !after.ephemeral) {
    return both + ", which is ephemeral: only an ephemeral process can";
  }
  return "";
}

// Turns the orders into edges, or says what is wrong with them.
std::optional<Error> read_orders(const TaskConfig& task, const Names& names,
                                 std::vector<Graph::Edge>& edges) {
  for (std::size_t c = 0; c < task.constraints.size(); ++c) {
    const std::vector<std::string>& order = task.constraints[c].order;
    const auto path = [c](std::size_t i) { return at(at("constraints", c) + ".order", i); };
    std::optional<ProcessIndex> before;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto found = names.find(order[i]);
      if (found == names.end()) return unknown_name(task, path(i), order[i]);
      const ProcessIndex after = found->second;
      if (before) {
        const ProcessConfig& a = task.processes[*before];
        const ProcessConfig& b = task.processes[after];
        if (a.final != b.final) {
          return bad(path(i), quoted((a.final ? a : b).name, kMaxName) + " is final and " +
                                  quoted((a.final ? b : a).name, kMaxName) +
                                  " is not: an order is all final or not at all");
        }
        if (a.daemon || a.ephemeral) {
          const std::string why = why_not(a, b);
          if (!why.empty()) return bad(path(i), why);
        }
        edges.push_back({*before, after});
      }
      before = after;
    }
  }
  return std::nullopt;
}

Error cycle_error(const TaskConfig& task, const Names& names,
                  const std::vector<ProcessIndex>& cycle) {
  std::string text;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    if (cycle.size() > kMaxShownInCycle && i == kMaxShownInCycle / 2) {
      const std::size_t left_out = cycle.size() - kMaxShownInCycle;
      text += "(" + std::to_string(left_out) + " more) -> ";
      i += left_out;
    }
    text += task.processes[cycle[i]].name + " -> ";
  }
  text += task.processes[cycle.front()].name;
  // Placed at the order that closes it.
  std::string path = "constraints";
  for (std::size_t c = 0; c < task.constraints.size(); ++c) {
    const std::vector<std::string>& order = task.constraints[c].order;
    const auto closes = [&](const std::string& before, const std::string& after) {
      return names.at(before) == cycle.back() && names.at(after) == cycle.front();
    };
    if (std::adjacent_find(order.begin(), order.end(), closes) != order.end()) {
      path = at("constraints", c) + ".order";
      break;
    }
  }
  return bad(std::move(path), "a cycle: " + text);
}

}  // namespace

Result<Graph> check_task(const TaskConfig& task) {
  if (auto error = check_fields(task)) return *error;
  Names names;
  names.reserve(task.processes.size());
  for (std::size_t i = 0; i < task.processes.size(); ++i) {
    const std::string& name = task.processes[i].name;
    const auto [first, added] = names.emplace(name, static_cast<ProcessIndex>(i));
    if (!added) {
      return bad(at("processes", i) + ".name", quoted(name, kMaxName) + " is the name of " +
                                                   at("processes", first->second) + " already");
    }
  }
  std::vector<Graph::Edge> edges;
  if (auto error = read_orders(task, names, edges)) return *error;
  Graph graph(static_cast<std::uint32_t>(task.processes.size()), std::move(edges));
  const std::vector<ProcessIndex> cycle = graph.find_cycle();
  if (!cycle.empty()) return cycle_error(task, names, cycle);
  return graph;
}

}  // namespace thermos
