#include "core/config/load.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/config/ancestor_values.h"
#include "core/config/bound_texts.h"
#include "core/config/document.h"
#include "core/config/env_file.h"
#include "core/config/evaluated.h"
#include "core/config/matrix.h"
#include "core/config/process_map.h"
#include "core/config/read_task.h"
#include "core/config/reference_syntax.h"
#include "core/config/references.h"
#include "core/task/check_task.h"

namespace thermos::config {
namespace {

constexpr std::size_t kMaxListed = 10;

// One task of the document.
struct Candidate {
  Value* value = nullptr;
  std::string path;  // "[2]", "tasks[2]"; "" when the document is the task
  std::string name;
  std::vector<std::string> names;  // other names for it
  Problems problems;               // of its processes, before they are read
};

Error place(std::string_view where, Position at, std::string_view path, std::string_view what,
            ErrorCode code = ErrorCode::BadConfig) {
  return {code, place_text(where, at, path).append(what)};
}

Error place(std::string_view where, const Candidate& candidate, const Problem& problem) {
  const Position at =
      problem.at.line != 0 ? problem.at : position_of(*candidate.value, problem.path);
  return place(where, at, join_path(candidate.path, problem.path), problem.what);
}

// A problem in a task that has passed the schema is known by its path alone.
Problem problem_of(const Error& error) {
  return {error.path, error.what, {}, std::nullopt};
}

// Returns the text that will be the task's name, with its references bound if that is possible.
// Reports no errors, because the document's other tasks need not be right.
std::string name_of(Value& task, const Bindings& bindings) {
  const Value* value = task.find("name");
  if (value == nullptr) {
    Value* processes = task.find("processes");
    auto* list = processes == nullptr ? nullptr : std::get_if<Array>(&processes->data);
    if (list != nullptr && !list->empty()) value = list->front().find("name");
  }
  const auto* name = value == nullptr ? nullptr : std::get_if<std::string>(&value->data);
  if (name == nullptr) return "";
  if (!find_reference(*name, 0)) return *name;
  std::string bound = *name;
  Value copy = task;
  Draft draft;
  if (read_task(copy, draft, 1).empty()) bind_name(draft, bindings, bound);
  return bound;
}

enum class Matrices : std::uint8_t { Expanded, Refused };

// Converts the shorter ways to write processes into the list that read_task() reads.
Problems settle_processes(Value& task, Document& document, Matrices matrices = Matrices::Expanded) {
  Problems problems = list_processes(task);
  settle_ancestor_values(task);
  const std::size_t before = problems.size();
  const auto take = [&problems](Problems more) {
    for (Problem& problem : more) problems.push_back(std::move(problem));
  };
  if (matrices == Matrices::Refused) take(find_unexpanded(task));
  if (problems.size() == before) take(expand_matrices(task, document.keys));
  return problems;
}

// Returns the names of a job's task: the job's name, and CLUSTER/ROLE/ENVIRONMENT/NAME.
std::vector<std::string> names_of_job(const Value& job) {
  const auto text = [&job](std::string_view key) {
    const Value* value = job.find(key);
    const auto* found = value == nullptr ? nullptr : std::get_if<std::string>(&value->data);
    return found == nullptr ? std::string() : *found;
  };
  const std::string name = text("name");
  if (name.empty()) return {};
  return {name, text("cluster") + "/" + text("role") + "/" + text("environment") + "/" + name};
}

// If the candidate is a job, takes the task out of it. A job, as Apache Aurora writes it, is a task
// with the place in a cluster where the task would run; only the task is used here.
void unwrap_job(Candidate& candidate) {
  Value* task = candidate.value->find("task");
  if (task == nullptr || candidate.value->find("processes") != nullptr) return;
  if (!std::holds_alternative<Object>(task->data)) return;
  candidate.names = names_of_job(*candidate.value);
  candidate.value = task;
  candidate.path = join_path(candidate.path, "task");
}

Result<std::vector<Candidate>> candidates(Value& root, std::string_view where) {
  std::vector<Candidate> found;
  Value* list = &root;
  std::string path;
  if (std::holds_alternative<Object>(root.data)) {
    list = root.find("tasks");
    if (list == nullptr) return std::vector<Candidate>{{&root, "", "", {}, {}}};
    path = "tasks";
    for (const Member& member : std::get<Object>(root.data)) {
      if (member.key != "tasks") {
        return place(where, member.value.position(), "",
                     "unknown key " + thermos::quoted(member.key) + " beside 'tasks'");
      }
    }
  }
  auto* tasks = std::get_if<Array>(&list->data);
  if (tasks == nullptr && list != &root) {
    return place(where, list->position(), path,
                 "must be a list, not " + std::string(kind_of(*list)));
  }
  if (tasks == nullptr) {
    return place(where, root.position(), "",
                 "a configuration is a task (an object) or a list of tasks, not " +
                     std::string(kind_of(root)));
  }
  if (tasks->empty()) return place(where, list->position(), path, "holds no task");
  for (std::size_t i = 0; i < tasks->size(); ++i) {
    found.push_back({&(*tasks)[i], path + "[" + std::to_string(i) + "]", "", {}, {}});
  }
  return found;
}

std::string listed(const std::vector<Candidate>& tasks) {
  std::string text;
  for (std::size_t i = 0; i < std::min(tasks.size(), kMaxListed); ++i) {
    const Candidate& task = tasks[i];
    text +=
        (i == 0 ? "" : ", ") + thermos::quoted(task.names.empty() ? task.name : task.names.back());
  }
  return text + (tasks.size() > kMaxListed ? ", ..." : "");
}

Result<Candidate> pick(Document& document, std::string_view where, std::string_view task_name,
                       const Bindings& bindings) {
  auto tasks = candidates(document.root, where);
  if (!tasks) return tasks.error();
  for (std::size_t i = 0; i < tasks->size(); ++i) {
    Candidate& task = (*tasks)[i];
    unwrap_job(task);
    task.problems = settle_processes(*task.value, document);
    task.name = name_of(*task.value, bindings);
    if (i < document.names.size()) task.names = document.names[i];
  }
  if (task_name.empty()) {
    if (tasks->size() == 1) return std::move(tasks->front());
    return Error{ErrorCode::Usage, std::string(where) + ": holds " + std::to_string(tasks->size()) +
                                       " tasks: name one with --task: " + listed(*tasks)};
  }
  // A task whose own name matches wins over tasks that match by another of their names.
  const auto has_own = [&](const Candidate& task) { return task.name == task_name; };
  const bool own = std::any_of(tasks->begin(), tasks->end(), has_own);
  Candidate* picked = nullptr;
  for (Candidate& task : *tasks) {
    const auto& names = task.names;
    if (own ? !has_own(task) : std::find(names.begin(), names.end(), task_name) == names.end()) {
      continue;
    }
    if (picked != nullptr) {
      std::string what = "is a second task named " + thermos::quoted(task_name);
      if (!names.empty()) what += ": call it " + thermos::quoted(names.back());
      return place(where, task.value->position(), task.path, what);
    }
    picked = &task;
  }
  if (picked != nullptr) return std::move(*picked);
  NearestWord nearest(task_name);
  for (const Candidate& task : *tasks) {
    nearest.offer(task.name);
    for (const std::string& name : task.names) nearest.offer(name);
  }
  const std::string hint = nearest.hint();
  return Error{ErrorCode::NotFound, std::string(where) + ": holds no task " +
                                        thermos::quoted(task_name) +
                                        (hint.empty() ? ": it has " + listed(*tasks) : hint)};
}

// Values from the command line may be any bytes; the texts of a task may not.
std::optional<Error> check_bindings(const Bindings& bindings) {
  const auto complain = [](std::string_view what) {
    return Error{ErrorCode::BadConfig,
                 std::string(what) + " is not UTF-8: a task's texts hold nothing else"};
  };
  if (!is_utf8(bindings.task_id)) {
    return complain("the task id " + thermos::quoted(bindings.task_id));
  }
  if (!is_utf8(bindings.user)) return complain("the user's name " + thermos::quoted(bindings.user));
  for (const auto& [name, value] : bindings.environment) {
    if (!is_utf8(value)) return complain("the value of -E " + thermos::quoted(name));
  }
  return std::nullopt;
}

}  // namespace

namespace {

using Parse = Result<Document> (*)(std::string_view text, std::string_view where);

Parse parse_of(Form form) {
  return form == Form::Evaluated ? parse_evaluated : parse_document;
}

// Removes a need that is written twice with the same condition: the recorded task writes needs as
// an object, which can have each name only once.
void drop_repeated_needs(TaskConfig& task) {
  std::vector<std::string_view> names;
  for (ProcessConfig& process : task.processes) {
    auto& needs = process.needs.entries;
    names.clear();
    for (const auto& [name, condition] : needs) names.emplace_back(name);
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) == names.end()) continue;
    std::set<std::pair<std::string, Condition>> seen;
    std::erase_if(needs, [&seen](const auto& need) { return !seen.insert(need).second; });
  }
}

// Completes and checks a draft whose texts are final.
Result<TaskConfig> finish(Draft& draft, const Candidate& task, std::string_view where,
                          PoolsOf pools) {
  if (!draft.named && !draft.task.processes.empty()) {
    draft.task.name = draft.task.processes.front().name;
  }
  drop_repeated_needs(draft.task);
  if (auto graph = check_task(draft.task, pools); !graph) {
    return place(where, task, problem_of(graph.error()));
  }
  return std::move(draft.task);
}

// The fields that don't have their authors' values.
class Spoiled {
 public:
  void add(const Problems& problems) {
    for (const Problem& problem : problems) {
      if (problem.spoiled) paths_.insert(*problem.spoiled);
    }
  }
  // Whether `path`, or something around it, is such a field.
  bool covers(std::string_view path) const {
    if (paths_.empty()) return false;
    for (std::size_t end = path.size(); end != std::string_view::npos && end != 0;
         end = path.substr(0, end).find_last_of(".[")) {
      if (paths_.contains(std::string(path.substr(0, end)))) return true;
    }
    return paths_.contains("");
  }
  // Whether the name of a process, which an order could hold, may not be the author's.
  bool names() const {
    return std::any_of(paths_.begin(), paths_.end(), [](const std::string& path) {
      const std::string_view kList = "processes";
      return path.empty() || path == kList ||
             (path.starts_with(kList) && (path.ends_with("]") || path.ends_with(".name")));
    });
  }

 private:
  std::set<std::string> paths_;
};

}  // namespace

Result<TaskConfig> load(std::string_view text, std::string_view where, std::string_view task_name,
                        const Bindings& bindings, const Reading& reading) {
  if (auto error = check_bindings(bindings)) return *error;
  auto document = parse_of(reading.form)(text, where);
  if (!document) return document.error();
  auto picked = pick(*document, where, task_name, bindings);
  if (!picked) return picked.error();
  for (const Problem& problem : picked->problems) return place(where, *picked, problem);
  Draft draft;
  for (const Problem& problem : read_task(*picked->value, draft, 1)) {
    return place(where, *picked, problem);
  }
  for (const Problem& problem : bind_references(draft, bindings, 1)) {
    return place(where, *picked, problem);
  }
  for (const Problem& problem : read_env_files(draft.task, bindings.read_file, 1)) {
    return place(where, *picked, problem);
  }
  return finish(draft, *picked, where, reading.pools);
}

Result<TaskConfig> load_bound(std::string_view text, std::string_view where) {
  auto document = parse_json(text, where);
  if (!document) return document.error();
  auto tasks = candidates(document->root, where);
  if (!tasks) return tasks.error();
  if (tasks->size() != 1) {
    return place(where, document->root.position(), "",
                 "holds " + std::to_string(tasks->size()) + " tasks, and is to be one");
  }
  const Candidate& task = tasks->front();
  for (const Problem& problem : settle_processes(*task.value, *document, Matrices::Refused)) {
    return place(where, task, problem);
  }
  Draft draft;
  for (const Problem& problem : read_task(*task.value, draft, 1)) {
    return place(where, task, problem);
  }
  for (const Problem& problem : take_texts_as_bound(draft, 1)) return place(where, task, problem);
  for (const Problem& problem : read_env_files(draft.task, {}, 1)) {
    return place(where, task, problem);
  }
  return finish(draft, task, where, PoolsOf::Daemon);
}

std::vector<Error> find_faults(std::string_view text, std::string_view where,
                               std::string_view task_name, const Bindings& bindings,
                               const Reading& reading) {
  if (auto error = check_bindings(bindings)) return {*error};
  auto document = parse_of(reading.form)(text, where);
  if (!document) return {document.error()};
  auto picked = pick(*document, where, task_name, bindings);
  if (!picked) return {picked.error()};
  if (!picked->problems.empty()) {
    std::vector<Error> errors;
    for (const Problem& problem : picked->problems) {
      if (errors.size() < kMaxFaults) errors.push_back(place(where, *picked, problem));
    }
    return errors;
  }
  Draft draft;
  Problems problems = read_task(*picked->value, draft, kMaxFaults);
  Spoiled spoiled;
  spoiled.add(problems);
  const auto take = [&](Problem problem) {
    if (!spoiled.covers(problem.path)) problems.push_back(std::move(problem));
  };
  const Problems unbound = bind_references(draft, bindings, kMaxFaults);
  for (const Problem& problem : unbound) take(problem);
  spoiled.add(unbound);
  if (unbound.empty()) {
    for (Problem& problem : read_env_files(draft.task, bindings.read_file, kMaxFaults)) {
      take(std::move(problem));
    }
  }
  drop_repeated_needs(draft.task);
  const FaultSearch search{kMaxFaults, !spoiled.names(), reading.pools};
  for (const Error& error : thermos::find_faults(draft.task, search)) {
    Problem problem = problem_of(error);
    // The task has its name from its first process, and the error is reported there.
    if (problem.path == "name" && !draft.named) continue;
    take(std::move(problem));
  }
  if (problems.size() > kMaxFaults) problems.resize(kMaxFaults);
  std::vector<Error> errors;
  errors.reserve(problems.size());
  for (const Problem& problem : problems) errors.push_back(place(where, *picked, problem));
  return errors;
}

std::string place_of_field(std::string_view text, std::string_view where,
                           std::string_view task_name, const Bindings& bindings,
                           std::string_view path, Form form) {
  auto document = parse_of(form)(text, where);
  if (!document) return place_text(where, {}, path);
  auto picked = pick(*document, where, task_name, bindings);
  if (!picked) return place_text(where, {}, path);
  return place_text(where, position_of(*picked->value, path), join_path(picked->path, path));
}

Result<std::string> task_name_of(std::string_view text, std::string_view where,
                                 std::string_view task_name, const Bindings& bindings, Form form) {
  if (auto error = check_bindings(bindings)) return *error;
  auto document = parse_of(form)(text, where);
  if (!document) return document.error();
  auto picked = pick(*document, where, task_name, bindings);
  if (!picked) return picked.error();
  if (!picked->name.empty()) return std::move(picked->name);
  // There is no name: return the error that load() would.
  Draft draft;
  for (const Problem& problem : read_task(*picked->value, draft, 1)) {
    return place(where, *picked, problem);
  }
  return place(where, *picked, Problem{"name", "a name can't be empty", {}, std::nullopt});
}

}  // namespace thermos::config
