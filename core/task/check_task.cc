#include "core/task/check_task.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/name_index.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/task/check_launch.h"
#include "core/task/task_fields.h"

namespace thermos {
namespace {

// "coordinator." and the name are a file name, which has at most 255 bytes (NAME_MAX).
constexpr std::size_t kMaxName = 243;
constexpr ProcessIndex kNobody = std::numeric_limits<ProcessIndex>::max();
constexpr std::size_t kMaxProcesses = std::numeric_limits<ProcessIndex>::max() - 1;
constexpr std::size_t kMaxShownInCycle = 12;
constexpr std::int64_t kMinLogSize = 1024;
constexpr std::uint32_t kMaxBackups = 1000;  // each rotation renames them all
constexpr int kMaxCycles = 20;               // the search for each walks the whole graph

// The task's processes by name; the first of several with the same name.
class Names {
 public:
  explicit Names(const TaskConfig& task) : task_(task) { index_.reserve(task.processes.size()); }
  std::optional<ProcessIndex> find(std::string_view name) const {
    return index_.find(
        name, [this](ProcessIndex p) -> const std::string& { return task_.processes[p].name; });
  }
  void add(ProcessIndex p) { index_.add(task_.processes[p].name, p); }

 private:
  const TaskConfig& task_;
  NameIndex index_;
};
// Returns the error, or nothing.
using Complaint = std::optional<std::string>;

Error bad(std::string path, std::string_view what) {
  return error_at(ErrorCode::BadConfig, std::move(path), std::nullopt, std::string(what));
}

std::string at(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

Complaint check_name(std::string_view name) {
  if (name.empty()) return "a name can't be empty";
  if (name.size() > kMaxName) {
    return quoted(name) + " is " + std::to_string(name.size()) +
           " bytes long: a name has at most 243, to fit into a file name";
  }
  if (name.front() == '.') return quoted(name) + ": a name can't begin with '.'";
  if (name.find('/') != std::string_view::npos) return quoted(name) + ": a name can't hold '/'";
  if (holds_control(name)) {
    return quoted(name) + ": a name can't hold control characters";
  }
  if (!is_utf8(name)) return quoted(name) + " is not UTF-8";
  return std::nullopt;
}

Complaint check_user(std::string_view user) {
  if (holds_control(user)) {
    return quoted(user) + ": a user's name can't hold control characters";
  }
  if (!is_utf8(user)) return quoted(user) + " is not UTF-8";
  return std::nullopt;
}

// The errors found so far, at most as many as wanted.
class Faults {
 public:
  explicit Faults(std::size_t most) : most_(most) {}
  bool full() const { return found_.size() >= most_; }
  void add(std::string path, std::string_view what) {
    if (!full()) found_.push_back(bad(std::move(path), what));
  }
  std::vector<Error>& found() { return found_; }

 private:
  std::size_t most_;
  std::vector<Error> found_;
};

// Are the numbers of `object`, and of the objects in it, what the table says that they may be?
bool are_in_range(fields::View object) {
  const std::span<const fields::Field> all = object.type->object().fields;
  return std::all_of(all.begin(), all.end(), [object](const fields::Field& field) {
    const fields::Kind kind = field.type.kind;
    // Most fields have no range, and there may be a million processes.
    if (kind != fields::Kind::Object && !fields::has_range(kind)) return true;
    const fields::View value = object.field(field);
    if (!value) return true;
    return kind == fields::Kind::Object ? are_in_range(value) : fields::is_in_range(value);
  });
}

void find_out_of_range(fields::View object, const std::string& path, Faults& faults) {
  for (const fields::Field& field : object.type->object().fields) {
    const fields::View value = object.field(field);
    if (!value) continue;
    const std::string here = (path.empty() ? "" : path + ".") + std::string(field.key);
    if (value.type->kind == fields::Kind::Object) {
      find_out_of_range(value, here, faults);
    } else if (!fields::is_in_range(value)) {
      faults.add(here, "is out of range: " + fields::range_text(*value.type));
    }
  }
}

void check_logger(const std::string& path, const Logger& logger, Faults& faults) {
  const RotatePolicy& rotate = logger.rotate;
  if (rotate.log_size >= 0 && rotate.log_size < kMinLogSize) {
    faults.add(path + ".rotate.log_size", "is too small: a file holds 1024 bytes at least");
  }
  if (rotate.backups > kMaxBackups) {
    faults.add(path + ".rotate.backups", "is too large: at most 1000 files are kept");
  }
}

void check_process(const ProcessConfig& process, std::size_t index, std::size_t inherited,
                   Faults& faults) {
  // The path is made only when it is needed: there may be a million processes.
  const auto path = [index] { return at("processes", index); };
  if (auto complaint = check_name(process.name)) faults.add(path() + ".name", *complaint);
  for (const LaunchFault& fault : find_launch_faults(process, inherited)) {
    faults.add(path() + "." + fault.key, fault.what);
  }
  const fields::View view = fields::view_of(process);
  if (!are_in_range(view)) find_out_of_range(view, path(), faults);
  if (process.timeout == 0) {
    faults.add(path() + ".timeout", "is 0: no run could take so little; leave it out for no limit");
  }
  if (process.logger) check_logger(path() + ".logger", *process.logger, faults);
}

void check_fields(const TaskConfig& task, Faults& faults) {
  if (task.processes.empty()) faults.add("processes", "a task needs at least one process");
  if (task.processes.size() > kMaxProcesses) {  // GCOVR_EXCL_LINE: no test has the memory
    faults.add("processes", "a task has at most 4294967294 processes");  // GCOVR_EXCL_LINE
  }
  const std::size_t inherited = launch_size(task.env);
  for (std::size_t i = 0; i < task.processes.size() && !faults.full(); ++i) {
    check_process(task.processes[i], i, inherited, faults);
  }
  // After the processes: a task without a name gets that of its first process, and an error in it
  // is shown at the process.
  if (auto complaint = check_name(task.name)) faults.add("name", *complaint);
  find_out_of_range(fields::view_of(task), "", faults);
  if (auto complaint = check_user(task.user)) faults.add("user", *complaint);
  for (const LaunchFault& fault : find_launch_faults(task)) faults.add(fault.key, fault.what);
}

Names read_names(const TaskConfig& task, Faults& faults) {
  Names names(task);
  for (std::size_t i = 0; i < task.processes.size() && !faults.full(); ++i) {
    const std::string& name = task.processes[i].name;
    const auto first = names.find(name);
    if (!first) {
      names.add(static_cast<ProcessIndex>(i));
    } else if (!name.empty()) {  // an empty name was refused before
      faults.add(at("processes", i) + ".name", quoted(name, kMaxName) + " is the name of " +
                                                   at("processes", *first) + " already");
    }
  }
  return names;
}

std::string unknown_name(const TaskConfig& task, std::string_view name) {
  NearestWord nearest(name);
  for (const ProcessConfig& process : task.processes) nearest.offer(process.name);
  return "there is no process " + quoted(name, kMaxName) + nearest.hint();
}

// Returns why `after` may not wait for `before`; "" if it may.
std::string why_not(const ProcessConfig& before, const ProcessConfig& after) {
  if (!before.daemon && (!before.ephemeral || after.ephemeral)) return "";
  return quoted(after.name, kMaxName) + " can't wait for " + quoted(before.name, kMaxName) +
         (before.daemon ? ", a daemon: it runs again and again and never ends"
                        : ", which is ephemeral: only an ephemeral process can");
}

// Turns the orders into edges. An invalid entry makes none.
std::vector<Graph::Edge> read_orders(const TaskConfig& task, const Names& names, Faults& faults) {
  std::vector<Graph::Edge> edges;
  for (std::size_t c = 0; c < task.constraints.size() && !faults.full(); ++c) {
    const std::vector<std::string>& order = task.constraints[c].order;
    const auto path = [c](std::size_t i) { return at(at("constraints", c) + ".order", i); };
    ProcessIndex before = kNobody;
    for (std::size_t i = 0; i < order.size() && !faults.full(); ++i) {
      const auto found = names.find(order[i]);
      if (!found) {
        faults.add(path(i), unknown_name(task, order[i]));
        before = kNobody;
        continue;
      }
      const ProcessIndex after = *found;
      if (before != kNobody) {
        const ProcessConfig& a = task.processes[before];
        const ProcessConfig& b = task.processes[after];
        std::string why;
        if (a.final != b.final) {
          why = quoted((a.final ? a : b).name, kMaxName) + " is final and " +
                quoted((a.final ? b : a).name, kMaxName) +
                " is not: an order is all final or not at all";
        } else {
          why = why_not(a, b);
        }
        if (why.empty()) {
          edges.push_back({before, after});
        } else {
          faults.add(path(i), why);
        }
      }
      before = after;
    }
  }
  return edges;
}

void add_cycle(const TaskConfig& task, const Names& names, const std::vector<ProcessIndex>& cycle,
               Faults& faults) {
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
  // The error names the order that closes the cycle: each of its edges comes from one.
  const auto closes = [&](const std::string& before, const std::string& after) {
    return names.find(before) == cycle.back() && names.find(after) == cycle.front();
  };
  const auto closing = std::find_if(
      task.constraints.begin(), task.constraints.end(), [&](const Constraint& constraint) {
        return std::adjacent_find(constraint.order.begin(), constraint.order.end(), closes) !=
               constraint.order.end();
      });
  const auto c = static_cast<std::size_t>(closing - task.constraints.begin());
  faults.add(at("constraints", c) + ".order", "a cycle: " + text);
}

// The graph, without the edges that close a cycle.
Graph read_graph(const TaskConfig& task, Faults& faults) {
  const Names names = read_names(task, faults);
  if (faults.full()) return {};
  std::vector<Graph::Edge> edges = read_orders(task, names, faults);
  const auto processes = static_cast<std::uint32_t>(task.processes.size());
  for (int cycles = 0; !faults.full(); ++cycles) {
    Graph graph(processes, edges);
    const std::vector<ProcessIndex> cycle = graph.find_cycle();
    if (cycle.empty() || cycles == kMaxCycles) return graph;
    add_cycle(task, names, cycle, faults);
    const auto closes = [&cycle](const Graph::Edge& edge) {
      return edge.before == cycle.back() && edge.after == cycle.front();
    };
    edges.erase(std::remove_if(edges.begin(), edges.end(), closes), edges.end());
  }
  return {};
}

}  // namespace

std::vector<Error> find_faults(const TaskConfig& task, const FaultSearch& search) {
  Faults faults(search.most);
  check_fields(task, faults);
  if (search.orders && !faults.full()) {
    read_graph(task, faults);
  }
  return std::move(faults.found());
}

Result<Graph> check_task(const TaskConfig& task) {
  Faults faults(1);
  check_fields(task, faults);
  if (faults.full()) return std::move(faults.found().front());
  Graph graph = read_graph(task, faults);
  if (faults.full()) return std::move(faults.found().front());
  return graph;
}

}  // namespace thermos
