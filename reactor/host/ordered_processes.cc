#include "reactor/host/ordered_processes.h"

#include <optional>
#include <set>

#include "reactor/store/task_list.h"

namespace thermos {
namespace {

using Processes = std::set<ProcessIndex>;

std::vector<std::string> names_of(const TaskConfig& task, const Processes& those) {
  std::vector<std::string> names;
  for (const ProcessIndex p : those) names.push_back(task.processes[p].name);
  return names;
}

std::optional<ProcessIndex> find(const TaskConfig& task, const std::string& name) {
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    if (task.processes[p].name == name) return p;
  }
  return std::nullopt;
}

// Adds those that `word`, which is no name, matches and that may have the order.
Status add_matching(const Runner& runner, const std::string& word, Verb verb, Processes& those) {
  if (word.empty()) return Error{ErrorCode::Usage, "an order for a process without a name"};
  const TaskConfig& task = runner.task();
  const auto pattern = TaskPatterns::compile(
      {word}, [](const std::string& /*text*/) { return false; }, "process's name");
  if (!pattern) return pattern.error();
  bool any = false;
  std::optional<Error> refusal;
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    const std::string& name = task.processes[p].name;
    if (!pattern->match(name)) continue;
    if (const Status may = runner.may_order(name, verb); !may) {
      if (!refusal) refusal = may.error();
      continue;
    }
    those.insert(p);
    any = true;
  }
  if (any) return Done{};
  if (refusal) return *refusal;
  return runner.may_order(word, verb);  // there is no such process, and that says so
}

bool is_service(const Runner& runner, ProcessIndex p) {
  const ProcessConfig& process = runner.task().processes[p];
  return process.daemon || (process.ready && runner.past(p).live());
}

Result<std::vector<std::string>> services(const Runner& runner, Verb verb) {
  if (verb != Verb::Restart) return Error{ErrorCode::Usage, "an order that names no process"};
  const TaskConfig& task = runner.task();
  Processes those;
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    const bool may = runner.may_order(task.processes[p].name, verb).ok();
    if (may && is_service(runner, p)) those.insert(p);
  }
  if (!those.empty()) return names_of(task, those);
  if (runner.state() != TaskState::Active) return Error{ErrorCode::Usage, "the task is ending"};
  return Error{ErrorCode::NotFound,
               "task " + runner.history().header()->task_id +
                   " has no daemon, and no process with a `ready` runs: name the processes"};
}

}  // namespace

Result<std::vector<std::string>> ordered_processes(const Runner& runner,
                                                   const OrderRequest& request,
                                                   const std::vector<std::string>& words) {
  const TaskConfig& task = runner.task();
  if (words.empty() && request.process.empty()) return services(runner, request.verb);
  if (words.empty()) {
    if (const Status may = runner.may_order(request.process, request.verb); !may) {
      return may.error();
    }
    return std::vector<std::string>{request.process};
  }
  if (words.size() > TaskPatterns::kMostPatterns) {
    return Error{ErrorCode::Usage,
                 "more than " + std::to_string(TaskPatterns::kMostPatterns) + " processes named"};
  }
  Processes those;
  for (const std::string& word : words) {
    const auto named = find(task, word);
    const Status may = named ? runner.may_order(word, request.verb)
                             : add_matching(runner, word, request.verb, those);
    if (!may) return may.error();
    if (named) those.insert(*named);
  }
  return names_of(task, those);
}

}  // namespace thermos
