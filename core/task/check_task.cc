#include "core/task/check_task.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/name_index.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/task/check_files.h"
#include "core/task/check_launch.h"
#include "core/task/check_name.h"
#include "core/task/check_node_choice.h"
#include "core/task/check_pools.h"
#include "core/task/probe_question.h"
#include "core/task/task_fields.h"

namespace thermos {
namespace {

constexpr ProcessIndex kNobody = std::numeric_limits<ProcessIndex>::max();
constexpr std::size_t kMaxProcesses = std::numeric_limits<ProcessIndex>::max() - 1;
constexpr std::size_t kMaxShownInCycle = 12;
constexpr std::int64_t kMinLogSize = 1024;
constexpr std::uint32_t kMaxBackups = 1000;  // each rotation renames all of them
constexpr int kMaxCycles = 20;               // the search for each cycle walks the whole graph

// The properties that decide whether a process may wait for another one.
struct Traits {
  explicit Traits(const ProcessConfig& process)
      : daemon(process.daemon), ephemeral(process.ephemeral), final(process.final) {}
  bool daemon : 1;
  bool ephemeral : 1;
  bool final : 1;
};

// Whether `after` may wait until `before` has come to an end.
bool may_wait(Traits before, Traits after) {
  return before.final == after.final && !before.daemon && (!before.ephemeral || after.ephemeral);
}

// What the check keeps of the processes. Their configurations fit into no cache, so the check
// passes over a million of them only once.
class Processes {
 public:
  explicit Processes(const TaskConfig& task) : task_(task) {
    traits.reserve(task.processes.size());
    index_.reserve(task.processes.size());
  }
  // Adds the next process. Called with each in turn.
  void add(ProcessIndex p) {
    const ProcessConfig& process = task_.processes[p];
    traits.emplace_back(process);
    if (!process.needs.entries.empty()) needing.push_back(p);
    if (!process.uses.entries.empty()) using_pools.push_back(p);
    if (!process.on.empty()) placed.push_back(p);
    if (!process.needs_files.empty() || !process.makes_files.empty()) carrying.push_back(p);
    index_.prefetch(process.name);
    if (p >= kLag) add_name(p - kLag);
  }
  // Adds the remaining names. Called after the last add().
  void add_rest() {
    const auto added = static_cast<ProcessIndex>(traits.size());
    for (ProcessIndex p = added - std::min(added, kLag); p < added; ++p) add_name(p);
  }
  // Returns the first process of that name, if there are several.
  std::optional<ProcessIndex> find(std::string_view name) const {
    return index_.find(name, NameOf{task_});
  }
  void find_all(std::span<const std::string_view> names,
                std::span<std::optional<ProcessIndex>> found) const {
    index_.find_all(names, NameOf{task_}, found);
  }

  // What the check of an order reads of each process: orders go to and fro among processes.
  std::vector<Traits> traits;
  std::vector<ProcessIndex> needing;
  std::vector<ProcessIndex> using_pools;
  std::vector<ProcessIndex> placed;    // the processes that say where they run
  std::vector<ProcessIndex> carrying;  // the processes that say which files they need or make
  // Processes whose name another one has already, each with that other one.
  std::vector<std::pair<ProcessIndex, ProcessIndex>> repeating;

 private:
  struct NameOf {
    const TaskConfig& task;
    const std::string& operator()(ProcessIndex p) const { return task.processes[p].name; }
  };
  static constexpr ProcessIndex kLag = 16;  // a name's slot is read while others are checked

  void add_name(ProcessIndex p) {
    const auto first = index_.find_or_add(task_.processes[p].name, p, NameOf{task_});
    if (first) repeating.emplace_back(p, *first);
  }

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

Complaint check_user(std::string_view user) {
  if (holds_control(user)) {
    return quoted(user) + ": a user's name can't hold control characters";
  }
  if (!is_utf8(user)) return quoted(user) + " is not UTF-8";
  return std::nullopt;
}

// The errors found so far, at most `most` of them.
class Faults {
 public:
  explicit Faults(std::size_t most) : most_(most) {}
  bool full() const { return found_.size() >= most_; }
  bool none() const { return found_.empty(); }
  void add(std::string path, std::string_view what) {
    if (!full()) found_.push_back(bad(std::move(path), what));
  }
  std::vector<Error>& found() { return found_; }

 private:
  std::size_t most_;
  std::vector<Error> found_;
};

void find_out_of_range(fields::View object, const std::string& path, Faults& faults) {
  if (const std::string fault = fields::choice_fault(object); !fault.empty()) {
    faults.add(path, fault);
  }
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

// REQUIRES: exactly one question is given.
void check_asking(const std::string& path, const ProcessConfig& process, const Asking& asking,
                  Faults& faults) {
  if (const auto fault = find_question_fault(asking)) {
    faults.add(path + "." + std::string(fault->key), fault->what);
  }
  const Question question = question_of(asking);
  if (question.kind == QuestionKind::Cmd) {
    if (auto complaint = check_argument(asking.cmd)) faults.add(path + ".cmd", *complaint);
  }
  const LogDestination to = process.logger.value_or(Logger()).destination;
  if (question.kind == QuestionKind::Log && to != LogDestination::File &&
      to != LogDestination::Both) {
    faults.add(path + ".log", "needs files to read: the process's logger has the destination " +
                                  quoted(to == LogDestination::None ? "none" : "console"));
  }
}

// An earlier check has reported a `ready` or a `healthy` with no question or with two.
void check_questions(const std::string& path, const ProcessConfig& process, Faults& faults) {
  if (process.ready && fields::choice_fault(fields::view_of(*process.ready)).empty()) {
    check_asking(path + ".ready", process, *process.ready, faults);
  }
  if (!process.healthy) return;
  if (fields::choice_fault(fields::view_of(*process.healthy)).empty()) {
    check_asking(path + ".healthy", process, *process.healthy, faults);
  }
  const std::uint32_t failures = process.healthy->failures;
  if (failures == 0) {
    faults.add(path + ".healthy.failures", "is 0: leave 'healthy' out to ask nothing");
  } else if (failures > kMaxHealthFailures) {
    faults.add(path + ".healthy.failures",
               "is too large: at most " + std::to_string(kMaxHealthFailures));
  }
}

// An earlier check has reported numbers that are out of range.
void check_backoff(const std::string& path, const Backoff& backoff, Faults& faults) {
  if (backoff.factor >= 0 && backoff.factor < 1) {
    faults.add(path + ".factor", "is too small: a wait grows by a factor of 1 at least");
  }
  if (backoff.first == 0) faults.add(path + ".first", "is 0: no wait would ever grow from it");
  if (backoff.most >= 0 && backoff.most < backoff.first) {
    faults.add(path + ".most", "is less than the first wait");
  }
  if (backoff.reset == 0) {
    faults.add(path + ".reset",
               "is 0: every run lasts so long, and no wait would grow; leave it out");
  }
}

// A recorded task is an object, which has each name once. References that are bound may make two
// names the same.
void check_matrix(const std::string& path, const Named<std::string>& matrix, Faults& faults) {
  std::set<std::string_view> names;
  for (const auto& [name, value] : matrix.entries) {
    if (!names.insert(name).second) faults.add(path + "." + name, "is given twice");
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
  if (!fields::numbers_in_range(process)) {
    find_out_of_range(fields::view_of(process), path(), faults);
  }
  if (process.timeout == 0) {
    faults.add(path() + ".timeout", "is 0: no run could take so little; leave it out for no limit");
  }
  if (process.time && process.final) {
    faults.add(path() + ".time", "is of no use to a finalizer: it starts whatever time is left");
  }
  if (process.watchdog && *process.watchdog >= 0 && *process.watchdog < kSecond / 10) {
    faults.add(path() + ".watchdog", "is too short: 0.1 seconds at least");
  }
  if (process.backoff) check_backoff(path() + ".backoff", *process.backoff, faults);
  if (!process.matrix.entries.empty()) check_matrix(path() + ".matrix", process.matrix, faults);
  if (process.logger) check_logger(path() + ".logger", *process.logger, faults);
  if (process.ready || process.healthy) check_questions(path(), process, faults);
}

Processes check_fields(const TaskConfig& task, PoolsOf pools, Faults& faults) {
  if (task.processes.empty()) faults.add("processes", "a task needs at least one process");
  if (task.processes.size() > kMaxProcesses) {  // GCOVR_EXCL_LINE: no test has the memory
    faults.add("processes", "a task has at most 4294967294 processes");  // GCOVR_EXCL_LINE
  }
  const std::size_t inherited = launch_size(task.env) + launch_size(task.secret);
  Processes processes(task);
  for (std::size_t i = 0; i < task.processes.size() && !faults.full(); ++i) {
    check_process(task.processes[i], i, inherited, faults);
    processes.add(static_cast<ProcessIndex>(i));
  }
  processes.add_rest();
  // After the processes: a task without a name gets that of its first process, and an error in it
  // is shown at the process.
  if (auto complaint = check_name(task.name)) faults.add("name", *complaint);
  find_out_of_range(fields::view_of(task), "", faults);
  if (task.backoff) check_backoff("backoff", *task.backoff, faults);
  if (auto complaint = check_user(task.user)) faults.add("user", *complaint);
  for (const LaunchFault& fault : find_launch_faults(task)) faults.add(fault.key, fault.what);
  if (faults.full()) return processes;
  for (const PoolFault& fault : find_pool_faults(task, processes.using_pools, pools)) {
    faults.add(fault.path, fault.what);
  }
  for (const OnFault& fault : find_on_faults(task, processes.placed)) {
    faults.add(fault.path, fault.what);
  }
  for (const FileFault& fault : find_file_faults(task, processes.carrying)) {
    faults.add(fault.path, fault.what);
  }
  return processes;
}

void check_repeated_names(const TaskConfig& task, const Processes& processes, Faults& faults) {
  for (const auto& [p, first] : processes.repeating) {
    const std::string& name = task.processes[p].name;
    if (name.empty()) continue;  // it was refused before
    faults.add(at("processes", p) + ".name",
               quoted(name, kMaxName) + " is the name of " + at("processes", first) + " already");
  }
}

std::string unknown_name(const TaskConfig& task, std::string_view name) {
  NearestWord nearest(name);
  for (const ProcessConfig& process : task.processes) nearest.offer(process.name);
  return "there is no process " + quoted(name, kMaxName) + nearest.hint();
}

// Returns why `after` may not wait until `before` has come to an end; "" if it may.
std::string why_not(const ProcessConfig& before, const ProcessConfig& after) {
  if (may_wait(Traits(before), Traits(after))) return "";
  return quoted(after.name, kMaxName) + " can't wait for " + quoted(before.name, kMaxName) +
         (before.daemon ? ", a daemon: it runs again and again and never ends"
                        : ", which is ephemeral: only an ephemeral process can");
}

// Returns why `after` may not need that condition of `before`; "" if it may.
std::string why_not(const ProcessConfig& before, const ProcessConfig& after, Condition condition) {
  if (before.final != after.final) {
    return quoted((before.final ? before : after).name, kMaxName) + " is final and " +
           quoted((before.final ? after : before).name, kMaxName) +
           " is not: neither can need the other";
  }
  switch (condition) {
    case Condition::Start:
      return "";
    case Condition::Ready:
      if (before.ready) return "";
      return quoted(before.name, kMaxName) +
             " has no `ready`, so nothing can wait until it is ready";
    case Condition::Success:
    case Condition::End:
      break;
  }
  std::string why = why_not(before, after);
  return why.empty() ? why : why + "; its start can be needed";
}

// Returns why an order may not name `after` directly behind `before`. REQUIRES: not may_wait().
std::string why_not_ordered(const ProcessConfig& before, const ProcessConfig& after) {
  if (before.final == after.final) return why_not(before, after);
  return quoted((before.final ? before : after).name, kMaxName) + " is final and " +
         quoted((before.final ? after : before).name, kMaxName) +
         " is not: an order is all final or not at all";
}

// Looks up processes by their names, many names together some time before they are asked for.
// `NextName` returns one name after the other, and nullptr after the last.
template <typename NextName>
class Sought {
 public:
  Sought(const Processes& processes, NextName next_name)
      : processes_(processes), next_name_(std::move(next_name)) {}
  // Returns the process of the next name. REQUIRES: there is a next name.
  std::optional<ProcessIndex> next() {
    if (at_ == count_) look_up();
    return found_[at_++];
  }

 private:
  void look_up() {
    for (at_ = count_ = 0; count_ < names_.size(); ++count_) {
      const std::string* const name = next_name_();
      if (name == nullptr) break;
      names_[count_] = *name;
    }
    processes_.find_all(std::span(names_).first(count_), found_);
  }

  const Processes& processes_;
  NextName next_name_;
  std::array<std::string_view, 128> names_;
  std::array<std::optional<ProcessIndex>, 128> found_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
};

// Turns the orders into edges. An invalid entry makes no edge.
std::vector<Graph::Edge> read_orders(const TaskConfig& task, const Processes& processes,
                                     Faults& faults) {
  std::vector<Graph::Edge> edges;
  std::size_t most = 0;
  for (const Constraint& constraint : task.constraints) most += constraint.order.size();
  edges.reserve(most);
  auto next = [&task, c = std::size_t{0}, i = std::size_t{0}]() mutable -> const std::string* {
    for (; c < task.constraints.size(); ++c, i = 0) {
      if (i < task.constraints[c].order.size()) return &task.constraints[c].order[i++];
    }
    return nullptr;
  };
  Sought sought(processes, std::move(next));
  for (std::size_t c = 0; c < task.constraints.size() && !faults.full(); ++c) {
    const std::vector<std::string>& order = task.constraints[c].order;
    const auto path = [c](std::size_t i) { return at(at("constraints", c) + ".order", i); };
    ProcessIndex before = kNobody;
    for (std::size_t i = 0; i < order.size() && !faults.full(); ++i) {
      const auto found = sought.next();
      if (!found) {
        faults.add(path(i), unknown_name(task, order[i]));
        before = kNobody;
        continue;
      }
      const ProcessIndex after = *found;
      if (before != kNobody) {
        if (may_wait(processes.traits[before], processes.traits[after])) {
          edges.push_back({before, after});
        } else {
          faults.add(path(i), why_not_ordered(task.processes[before], task.processes[after]));
        }
      }
      before = after;
    }
  }
  return edges;
}

// Turns the needs into edges. An invalid entry makes no edge.
void read_needs(const TaskConfig& task, const Processes& processes, std::vector<Graph::Edge>& edges,
                Faults& faults) {
  std::vector<std::string_view> needed;
  auto next = [&task, &needing = processes.needing, n = std::size_t{0},
               i = std::size_t{0}]() mutable -> const std::string* {
    for (; n < needing.size(); ++n, i = 0) {
      const auto& needs = task.processes[needing[n]].needs.entries;
      if (i < needs.size()) return &needs[i++].first;
    }
    return nullptr;
  };
  Sought sought(processes, std::move(next));
  for (const ProcessIndex p : processes.needing) {
    const ProcessConfig& process = task.processes[p];
    needed.clear();
    for (const auto& [name, condition] : process.needs.entries) {
      needed.emplace_back(name);
      const auto before = sought.next();
      const std::string why =
          before ? why_not(task.processes[*before], process, condition) : unknown_name(task, name);
      if (why.empty()) {
        edges.push_back({*before, p, condition});
      } else {
        faults.add(at("processes", p) + ".needs." + name, why);
      }
    }
    std::sort(needed.begin(), needed.end());
    const auto twice = std::adjacent_find(needed.begin(), needed.end());
    if (twice != needed.end()) {
      faults.add(at("processes", p) + ".needs." + std::string(*twice),
                 "is given twice: a process has one condition");
    }
  }
}

// Returns the path of the order or the need that makes `after` wait for `before`. REQUIRES: there
// is one.
std::string path_of_wait(const TaskConfig& task, const Processes& processes, ProcessIndex before,
                         ProcessIndex after) {
  const auto waits = [&](const std::string& one, const std::string& next) {
    return processes.find(one) == before && processes.find(next) == after;
  };
  for (std::size_t c = 0; c < task.constraints.size(); ++c) {
    const std::vector<std::string>& order = task.constraints[c].order;
    if (std::adjacent_find(order.begin(), order.end(), waits) != order.end()) {
      return at("constraints", c) + ".order";
    }
  }
  return at("processes", after) + ".needs." + task.processes[before].name;
}

void add_cycle(const TaskConfig& task, const Processes& processes,
               const std::vector<ProcessIndex>& cycle, Faults& faults) {
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
  // The error names the order, or the need, that closes the cycle.
  faults.add(path_of_wait(task, processes, cycle.back(), cycle.front()), "a cycle: " + text);
}

void check_file_orders(const TaskConfig& task, const Processes& processes, const Graph& graph,
                       Faults& faults) {
  for (const FileFault& fault : find_file_order_faults(task, graph, processes.carrying)) {
    faults.add(fault.path, fault.what);
  }
}

// Returns the graph without the edges that close a cycle.
Graph read_graph(const TaskConfig& task, const Processes& processes, Faults& faults) {
  check_repeated_names(task, processes, faults);
  if (faults.full()) return {};
  std::vector<Graph::Edge> edges = read_orders(task, processes, faults);
  read_needs(task, processes, edges, faults);
  const auto nodes = static_cast<std::uint32_t>(task.processes.size());
  for (int cycles = 0; !faults.full(); ++cycles) {
    Graph graph(nodes, edges);
    const std::vector<ProcessIndex> cycle = graph.find_cycle();
    if (cycle.empty() || cycles == kMaxCycles) {
      if (faults.none()) check_file_orders(task, processes, graph, faults);
      return graph;
    }
    add_cycle(task, processes, cycle, faults);
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
  const Processes processes = check_fields(task, search.pools, faults);
  if (search.orders && !faults.full()) read_graph(task, processes, faults);
  return std::move(faults.found());
}

Result<Graph> check_task(const TaskConfig& task, PoolsOf pools) {
  Faults faults(1);
  const Processes processes = check_fields(task, pools, faults);
  if (faults.full()) return std::move(faults.found().front());
  Graph graph = read_graph(task, processes, faults);
  if (faults.full()) return std::move(faults.found().front());
  return graph;
}

Status check_shared_uses(const TaskConfig& task, const Named<std::uint32_t>& pools) {
  const auto fault = find_shared_fault(task, pools);
  return fault ? Status(bad(fault->path, fault->what)) : Status(Done{});
}

}  // namespace thermos
