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
#include "core/task/check_name.h"
#include "core/task/check_on.h"
#include "core/task/check_pools.h"
#include "core/task/question.h"
#include "core/task/task_fields.h"

namespace thermos {
namespace {

constexpr ProcessIndex kNobody = std::numeric_limits<ProcessIndex>::max();
constexpr std::size_t kMaxProcesses = std::numeric_limits<ProcessIndex>::max() - 1;
constexpr std::size_t kMaxShownInCycle = 12;
constexpr std::int64_t kMinLogSize = 1024;
constexpr std::uint32_t kMaxBackups = 1000;  // each rotation renames them all
constexpr int kMaxCycles = 20;               // the search for each walks the whole graph

// What decides whether a process may wait for another.
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

// The task's processes by name; the first of several with the same name.
class Names {
 public:
  explicit Names(const TaskConfig& task) : task_(task) { index_.reserve(task.processes.size()); }
  std::optional<ProcessIndex> find(std::string_view name) const {
    return index_.find(
        name, [this](ProcessIndex p) -> const std::string& { return task_.processes[p].name; });
  }
  void add(ProcessIndex p) { index_.add(task_.processes[p].name, p); }

  // The processes that need others. They are noted on the way, as a pass of its own over a million
  // processes takes its time.
  std::vector<ProcessIndex> needing;
  // What an order asks of each process: a byte, because orders go to and fro among a million
  // processes, and each look at a ProcessConfig is a cache miss.
  std::vector<Traits> traits;

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

// Whether a field has a range, or holds what has one.
bool is_ranged(const fields::Field& field) {
  return field.type.kind == fields::Kind::Object || fields::has_range(field.type.kind);
}

bool are_in_range(fields::View object);

bool is_in_range(fields::View object, const fields::Field& field) {
  const fields::View value = object.field(field);
  if (!value) return true;
  return field.type.kind == fields::Kind::Object ? are_in_range(value) : fields::is_in_range(value);
}

// Are the numbers of `object`, and of the objects in it, what the table says that they may be?
bool are_in_range(fields::View object) {
  if (object.type->object().choices > 0 && !fields::choice_fault(object).empty()) return false;
  const std::span<const fields::Field> all = object.type->object().fields;
  return std::all_of(all.begin(), all.end(), [object](const fields::Field& field) {
    return !is_ranged(field) || is_in_range(object, field);
  });
}

// The fields of a process that have a range. They are looked for once: most have none, and there
// may be a million processes.
using Ranged = std::vector<const fields::Field*>;

Ranged ranged_of_processes() {
  Ranged ranged;
  for (const fields::Field& field : fields::object_type<ProcessConfig>().fields) {
    if (is_ranged(field)) ranged.push_back(&field);
  }
  return ranged;
}

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

// Whether a question is missing, or there are two, was said before.
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

// Numbers out of range have an error of their own.
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

void check_process(const ProcessConfig& process, std::size_t index, std::size_t inherited,
                   const Ranged& ranged, Faults& faults) {
  // The path is made only when it is needed: there may be a million processes.
  const auto path = [index] { return at("processes", index); };
  if (auto complaint = check_name(process.name)) faults.add(path() + ".name", *complaint);
  for (const LaunchFault& fault : find_launch_faults(process, inherited)) {
    faults.add(path() + "." + fault.key, fault.what);
  }
  const fields::View view = fields::view_of(process);
  const bool good = std::all_of(ranged.begin(), ranged.end(), [view](const fields::Field* field) {
    return is_in_range(view, *field);
  });
  if (!good) find_out_of_range(view, path(), faults);
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
  if (process.logger) check_logger(path() + ".logger", *process.logger, faults);
  if (process.ready || process.healthy) check_questions(path(), process, faults);
}

void check_fields(const TaskConfig& task, PoolsOf pools, Faults& faults) {
  if (task.processes.empty()) faults.add("processes", "a task needs at least one process");
  if (task.processes.size() > kMaxProcesses) {  // GCOVR_EXCL_LINE: no test has the memory
    faults.add("processes", "a task has at most 4294967294 processes");  // GCOVR_EXCL_LINE
  }
  const std::size_t inherited = launch_size(task.env) + launch_size(task.secret);
  const Ranged ranged = ranged_of_processes();
  std::vector<ProcessIndex> users;   // of pools
  std::vector<ProcessIndex> placed;  // that say where they run
  for (std::size_t i = 0; i < task.processes.size() && !faults.full(); ++i) {
    check_process(task.processes[i], i, inherited, ranged, faults);
    if (!task.processes[i].uses.entries.empty()) users.push_back(static_cast<ProcessIndex>(i));
    if (!task.processes[i].on.empty()) placed.push_back(static_cast<ProcessIndex>(i));
  }
  // After the processes: a task without a name gets that of its first process, and an error in it
  // is shown at the process.
  if (auto complaint = check_name(task.name)) faults.add("name", *complaint);
  find_out_of_range(fields::view_of(task), "", faults);
  if (task.backoff) check_backoff("backoff", *task.backoff, faults);
  if (auto complaint = check_user(task.user)) faults.add("user", *complaint);
  for (const LaunchFault& fault : find_launch_faults(task)) faults.add(fault.key, fault.what);
  if (faults.full()) return;
  for (const PoolFault& fault : find_pool_faults(task, users, pools)) {
    faults.add(fault.path, fault.what);
  }
  for (const OnFault& fault : find_on_faults(task, placed)) faults.add(fault.path, fault.what);
}

Names read_names(const TaskConfig& task, Faults& faults) {
  Names names(task);
  names.traits.reserve(task.processes.size());
  for (std::size_t i = 0; i < task.processes.size() && !faults.full(); ++i) {
    const std::string& name = task.processes[i].name;
    names.traits.emplace_back(task.processes[i]);
    if (!task.processes[i].needs.entries.empty()) {
      names.needing.push_back(static_cast<ProcessIndex>(i));
    }
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

// The same for an order that names them one behind the other. REQUIRES: not may_wait().
std::string why_not_ordered(const ProcessConfig& before, const ProcessConfig& after) {
  if (before.final == after.final) return why_not(before, after);
  return quoted((before.final ? before : after).name, kMaxName) + " is final and " +
         quoted((before.final ? after : before).name, kMaxName) +
         " is not: an order is all final or not at all";
}

// Turns the orders into edges. An invalid entry makes none.
std::vector<Graph::Edge> read_orders(const TaskConfig& task, const Names& names, Faults& faults) {
  std::vector<Graph::Edge> edges;
  std::size_t most = 0;
  for (const Constraint& constraint : task.constraints) most += constraint.order.size();
  edges.reserve(most);
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
        if (may_wait(names.traits[before], names.traits[after])) {
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

// Turns the needs into edges. An invalid entry makes none.
void read_needs(const TaskConfig& task, const Names& names, std::vector<Graph::Edge>& edges,
                Faults& faults) {
  for (const ProcessIndex p : names.needing) {
    const ProcessConfig& process = task.processes[p];
    for (const auto& [name, condition] : process.needs.entries) {
      const auto before = names.find(name);
      const std::string why =
          before ? why_not(task.processes[*before], process, condition) : unknown_name(task, name);
      if (why.empty()) {
        edges.push_back({*before, p, condition});
      } else {
        faults.add(at("processes", p) + ".needs." + name, why);
      }
    }
  }
}

// The path of what makes `after` wait for `before`. REQUIRES: something does.
std::string path_of_wait(const TaskConfig& task, const Names& names, ProcessIndex before,
                         ProcessIndex after) {
  const auto waits = [&](const std::string& one, const std::string& next) {
    return names.find(one) == before && names.find(next) == after;
  };
  for (std::size_t c = 0; c < task.constraints.size(); ++c) {
    const std::vector<std::string>& order = task.constraints[c].order;
    if (std::adjacent_find(order.begin(), order.end(), waits) != order.end()) {
      return at("constraints", c) + ".order";
    }
  }
  return at("processes", after) + ".needs." + task.processes[before].name;
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
  // The error names the order, or the need, that closes the cycle.
  faults.add(path_of_wait(task, names, cycle.back(), cycle.front()), "a cycle: " + text);
}

// The graph, without the edges that close a cycle.
Graph read_graph(const TaskConfig& task, Faults& faults) {
  const Names names = read_names(task, faults);
  if (faults.full()) return {};
  std::vector<Graph::Edge> edges = read_orders(task, names, faults);
  read_needs(task, names, edges, faults);
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
  check_fields(task, search.pools, faults);
  if (search.orders && !faults.full()) {
    read_graph(task, faults);
  }
  return std::move(faults.found());
}

Result<Graph> check_task(const TaskConfig& task, PoolsOf pools) {
  Faults faults(1);
  check_fields(task, pools, faults);
  if (faults.full()) return std::move(faults.found().front());
  Graph graph = read_graph(task, faults);
  if (faults.full()) return std::move(faults.found().front());
  return graph;
}

Status check_shared_uses(const TaskConfig& task, const Named<std::uint32_t>& pools) {
  const auto fault = find_shared_fault(task, pools);
  return fault ? Status(bad(fault->path, fault->what)) : Status(Done{});
}

}  // namespace thermos
