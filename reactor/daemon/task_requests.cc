#include "reactor/daemon/task_requests.h"

#include <unistd.h>

#include <string_view>
#include <utility>

#include "reactor/daemon/fresh_sandbox.h"
#include "reactor/daemon/lock_retry.h"
#include "reactor/os/files.h"
#include "reactor/store/directories_in_use.h"
#include "reactor/store/task_list.h"
#include "reactor/store/task_removal.h"

namespace thermos {
namespace {

// How often a submission is tried while another process tests the task's lock: for about a minute.
constexpr int kSubmitTries = 70;

// Fails with Usage if a task runs, or ran, in the sandbox that the task `id` would have for itself.
Status check_sandbox_is_free(const Paths& paths, const std::string& id) {
  const std::string sandbox = paths.default_sandbox(id);
  if (!exists(sandbox)) return Done{};
  PlacesInUse in_use(paths);
  in_use.refresh();
  if (!in_use.uses(sandbox)) return Done{};
  return Error{ErrorCode::Usage, "another task uses " + sandbox +
                                     ", which would be the sandbox of task " + id +
                                     ": give another --task-id, or --sandbox"};
}

}  // namespace

// ---- submit ------------------------------------------------------------------------------------

Status TaskRequests::may_submit(const control::Submit& submit, const Caller& caller) const {
  if (auto valid = check_task_id(submit.task_id); !valid) return valid;
  if (draining_) return Error{ErrorCode::Busy, "the daemon is being drained: it takes no tasks"};
  // A daemon that is not root can run tasks only as its own user, so only that user may submit
  // them.
  if (geteuid() != 0 && !caller.is_root() && caller.uid != geteuid()) {
    return Error{ErrorCode::NotPermitted,
                 "this daemon takes tasks of " + name_of_user(geteuid()) + " only"};
  }
  return Done{};
}

Status TaskRequests::has_room_for(const Caller& caller) const {
  const std::size_t owned = tasks_.owned_by(caller.uid);
  if (!caller.is_root() && owned > 0 && owned >= settings_.tasks_per_user) {
    return Error{ErrorCode::Busy,
                 "you have " + std::to_string(owned) + " active tasks, and that is the limit"};
  }
  return Done{};
}

// Handles a submission under an id that exists.
Status TaskRequests::submit_again(const control::Submit& submit, TaskSetup& setup,
                                  const Caller& caller, std::function<void(const Status&)> made) {
  const std::string& id = setup.header.task_id;
  const auto refuse = [&id](const std::string& why,
                            std::string_view advice = "give another --task-id") {
    return Error{ErrorCode::Usage,
                 "task " + id + " exists already" + why + "; " + std::string(advice)};
  };
  if (!visible_.may_see(id, caller)) return refuse("");
  HostedTask* const led = tasks_.find(id);
  if (led == nullptr) {
    const bool ended = exists(paths_.finished_task(id));
    return refuse(ended ? " and has ended: " + visible_.state_of(id)
                        : ", and this daemon does not lead it");
  }
  if (submit.replace) return replace(submit, setup, caller, *led, std::move(made));
  const std::string differs = first_difference(led->setup(), setup);
  if (!differs.empty()) {
    return refuse(" with another configuration: " + differs,
                  "give another --task-id, or replace it with --replace");
  }
  led->when_made(std::move(made));
  return Done{};
}

Status TaskRequests::replace(const control::Submit& submit, TaskSetup& setup, const Caller& caller,
                             HostedTask& led, std::function<void(const Status&)> made) {
  const RunnerHeader& fixed = led.setup().header;
  RunnerHeader& given = setup.header;
  // Properties that the caller did not give stay as they are.
  if (submit.sandbox.empty()) given.sandbox = fixed.sandbox;
  if (submit.ports.empty()) given.ports = fixed.ports;
  if (!submit.keep_logs) given.keep_logs = fixed.keep_logs;
  if (const std::string differs = first_fixed_difference(fixed, given); !differs.empty()) {
    return Error{ErrorCode::Usage, "task " + given.task_id + " runs with what can't be replaced: " +
                                       differs + "; give the same, or another --task-id"};
  }
  return led.replace(*setup.task, asked_by(caller),
                     [this, made = std::move(made)](const Status& result) {
                       events_.at_turn_end([made, result] { made(result); });
                     });
}

Status TaskRequests::submit(const control::Submit& submit, const Caller& caller,
                            std::function<void(const Status&)> made) {
  return try_submit(submit, caller, std::move(made), 0);
}

Status TaskRequests::try_submit(const control::Submit& submit, const Caller& caller,
                                std::function<void(const Status&)> made, int tries) {
  const std::string& id = submit.task_id;
  if (auto may = may_submit(submit, caller); !may) return may;
  auto checked = check_submission(submit, caller, settings_, paths_);
  if (!checked) return checked.error();
  TaskSetup& setup = checked->setup;
  setup.pools = &pools_;
  if (exists(paths_.finished_task(id)) || tasks_.find(id) != nullptr ||
      (exists(paths_.active_task(id)) && summaries_.was_begun(id))) {
    return submit_again(submit, setup, caller, std::move(made));
  }
  if (auto room = has_room_for(caller); !room) return room;
  setup.replaces_unbegun = true;
  // Removes leftovers of an earlier task of this id before the sandbox is created, because that
  // task's sandbox had the same path.
  if (auto cleared = clear_id(paths_, id); !cleared) return cleared;
  FreshSandbox sandbox;
  if (submit.sandbox.empty()) {
    if (auto free = check_sandbox_is_free(paths_, id); !free) return free;
    if (auto fresh = sandbox.make(setup.header.sandbox, checked->owner); !fresh) return fresh;
  }
  summaries_.forget(id);
  auto led = tasks_.host(setup, setup.header.uid);
  if (!led && tries < kSubmitTries && only_asked_about(paths_, id, led.error())) {
    in_a_moment(reactor_, tries, [this, submit, caller, made = std::move(made), tries] {
      if (auto again = try_submit(submit, caller, made, tries + 1); !again) made(again);
    });
    return Done{};
  }
  if (!led) return led.error();
  sandbox.keep();
  (*led)->when_made(std::move(made));
  return Done{};
}

// ---- kill, drain, order ------------------------------------------------------------------------

Result<std::vector<std::string>> TaskRequests::kill(const control::AskKill& ask,
                                                    const Caller& caller,
                                                    const std::vector<std::string>& ids) {
  KillRequest request = ask.request;
  request.reason = asked_by(caller);
  std::vector<std::string> asked;
  for (const std::string& id : ids) {
    HostedTask* const task = tasks_.find(id);
    if (task == nullptr) continue;  // the task has ended, or is not led here
    task->kill(request);
    asked.push_back(id);
  }
  if (!asked.empty()) return asked;
  const std::string& first = ask.patterns.front();
  const auto led = may_be_task(first) ? find_led(first, caller) : Result<HostedTask*>(nullptr);
  if (!led && led.error().code != ErrorCode::NotFound) return led.error();
  return Error{ErrorCode::NotFound, "no active task of yours matches '" + first + "'"};
}

Result<std::vector<std::string>> TaskRequests::drain(const control::AskDrain& ask,
                                                     const Caller& caller) {
  if (!caller.is_root() && caller.uid != geteuid()) {
    return Error{ErrorCode::NotPermitted, "only root may drain this daemon"};
  }
  draining_ = true;
  const KillRequest request{ask.wait, false, "drained, " + asked_by(caller)};
  std::vector<std::string> asked = tasks_.ids();
  for (const std::string& id : asked) tasks_.find(id)->kill(request);
  events_.at_turn_end([this] { finish_draining(); });  // there may be no task to wait for
  return asked;
}

void TaskRequests::finish_draining() {
  if (draining_ && tasks_.size() == 0 && on_drained) on_drained();
}

Result<HostedTask*> TaskRequests::find_led(const std::string& task_id, const Caller& caller) {
  if (!may_be_task(task_id)) return check_task_id(task_id).error();
  HostedTask* const led = tasks_.find(task_id);
  const bool active = led != nullptr || exists(paths_.active_task(task_id));
  // A task of another user gets the same answer as a task that does not exist.
  if ((!active && !exists(paths_.finished_task(task_id))) || !visible_.may_see(task_id, caller)) {
    return Error{ErrorCode::NotFound, "no task " + task_id};
  }
  if (led != nullptr) return led;
  if (!active) return Error{ErrorCode::NotFound, "task " + task_id + " has ended"};
  const std::string why = tasks_.why_left(task_id);
  return Error{ErrorCode::Busy,
               "task " + task_id + " is not led by this daemon" + (why.empty() ? "" : ": " + why)};
}

Result<OrderWords> TaskRequests::words_of(const control::AskOrder& ask, const Caller& caller) {
  const auto task = find_led(ask.task_id, caller);
  if (!task) return task.error();
  return OrderWords::read((*task)->setup().task, ask.processes);
}

Status TaskRequests::order(const control::AskOrder& ask, const Caller& caller,
                           const OrderWords& words, std::function<void(const Status&)> done) {
  auto task = find_led(ask.task_id, caller);
  if (!task) return task.error();
  OrderRequest request = ask.request;
  request.reason = asked_by(caller);
  return (*task)->order(request, words, std::move(done));
}

// ---- wait --------------------------------------------------------------------------------------

Result<HostedTasks::WaitKey> TaskRequests::when_ended(const std::string& task_id,
                                                      const Caller& caller,
                                                      HostedTasks::Ended ended) {
  auto led = find_led(task_id, caller);
  if (led) return tasks_.when_ended(task_id, std::move(ended));
  if (!exists(paths_.finished_task(task_id)) || !visible_.may_see(task_id, caller))
    return led.error();
  ended(visible_.state_of(task_id));
  return HostedTasks::WaitKey{0};
}

}  // namespace thermos
