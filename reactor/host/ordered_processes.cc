#include "reactor/host/ordered_processes.h"

#include <optional>
#include <set>

namespace thermos {
namespace {

using Processes = std::set<ProcessIndex>;

std::vector<std::string> names_of(const TaskConfig& task, const Processes& those) {
  std::vector<std::string> names;
  for (const ProcessIndex p : those) names.push_back(task.processes[p].name);
  return names;
}

// Adds the processes that the pattern `word` matches and that can be given the order.
Status add_matching(const Runner& runner, const OrderWords::Word& word, Verb verb,
                    Processes& those) {
  bool any = false;
  std::optional<Error> refusal;
  for (const ProcessIndex p : word.meant) {
    if (const Status may = runner.may_order(runner.task().processes[p].name, verb); !may) {
      if (!refusal) refusal = may.error();
      continue;
    }
    those.insert(p);
    any = true;
  }
  if (any) return Done{};
  if (refusal) return *refusal;
  return runner.may_order(word.text, verb);  // no process matches; this returns that error
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
                                                   const OrderWords& words) {
  const bool unnamed = words.words().empty();
  if (unnamed && request.process.empty()) return services(runner, request.verb);
  if (unnamed) {
    if (const Status may = runner.may_order(request.process, request.verb); !may) {
      return may.error();
    }
    return std::vector<std::string>{request.process};
  }
  if (&words.task() != &runner.task()) {
    return Error{ErrorCode::Busy, "the configuration of task " +
                                      runner.history().header()->task_id +
                                      " was replaced meanwhile; try again"};
  }
  Processes those;
  for (const OrderWords::Word& word : words.words()) {
    const Status may = word.pattern ? add_matching(runner, word, request.verb, those)
                                    : runner.may_order(word.text, request.verb);
    if (!may) return may.error();
    if (!word.pattern) those.insert(word.meant.front());
  }
  return names_of(runner.task(), those);
}

}  // namespace thermos
