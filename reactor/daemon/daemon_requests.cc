// What clients ask of the daemon, and who may.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/config/load.h"
#include "reactor/daemon/daemon.h"
#include "reactor/daemon/hosted_task.h"
#include "reactor/os/account.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/os/task_user.h"
#include "reactor/store/run_logs.h"
#include "reactor/store/task_store.h"

namespace thermos {
namespace {

// How often a submission is tried whose task's lock is being asked about: for about a minute.
constexpr int kSubmitTries = 70;

std::string asked_by(const Caller& caller) {
  return "asked by pid " + std::to_string(caller.pid) + ", uid " + std::to_string(caller.uid);
}

// The number where the user has no name.
std::string name_of_user(std::uint32_t uid) {
  auto account = find_account(uid);
  // Nobody is found, too, when for a moment there was no descriptor to look with.
  if (!account) account = find_account(uid);
  return account ? account->name : std::to_string(uid);
}

// A sandbox that the caller named: that they could use it themselves is theirs to show. It may be
// another directory by the time of a launch, and is looked at again then.
Status check_given_sandbox(const std::string& sandbox, const FileOwner& owner, bool by_root) {
  if (sandbox.front() != '/') {
    return Error{ErrorCode::Usage, "the sandbox must be an absolute path: " + sandbox};
  }
  const AsUser self(owner);
  if (!self.holds()) return Error{ErrorCode::System, "cannot act as " + owner.name};
  const Descriptor directory(open(sandbox.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const bool usable =
      directory && (by_root || faccessat(directory.get(), ".", W_OK | X_OK, AT_EACCESS) == 0);
  if (usable) return Done{};
  const ErrorCode code = errno == EACCES || errno == EROFS ? ErrorCode::NotPermitted
                         : errno == ENOENT                 ? ErrorCode::NotFound
                         : may_pass(errno)                 ? ErrorCode::System
                                                           : ErrorCode::Usage;
  return Error{code, "the sandbox " + sandbox + ", as " + owner.name + ": " + std::strerror(errno)};
}

// A directory made for a task that then was not made goes away again.
class FreshSandbox {
 public:
  FreshSandbox() = default;
  ~FreshSandbox() {
    if (made_) rmdir(path_.c_str());
  }
  FreshSandbox(const FreshSandbox&) = delete;
  FreshSandbox& operator=(const FreshSandbox&) = delete;

  Status make(const std::string& path, const FileOwner& owner) {
    path_ = path;
    // The directory above is root's alone, so nobody has a hand in what is found here.
    if (auto above = make_directories(path.substr(0, path.rfind('/')), kTaskDirectoryMode); !above)
      return above;
    Descriptor directory;
    if (auto trouble = make_private_directory(path, owner, made_, directory)) {
      return Error{ErrorCode::System, trouble->reason};
    }
    return Done{};
  }
  void keep() { made_ = false; }

 private:
  std::string path_;
  bool made_ = false;
};

}  // namespace

// ---- submit ------------------------------------------------------------------------------------

Status Daemon::may_submit(const control::Submit& submit, const Caller& caller) const {
  if (auto valid = check_task_id(submit.task_id); !valid) return valid;
  if (draining_) return Error{ErrorCode::Busy, "the daemon is being drained: it takes no tasks"};
  // One that is not root runs tasks as itself alone, so they are its own user's to give.
  if (geteuid() != 0 && !caller.is_root() && caller.uid != geteuid()) {
    return Error{ErrorCode::NotPermitted,
                 "this daemon takes tasks of " + name_of_user(geteuid()) + " only"};
  }
  return Done{};
}

Status Daemon::has_room_for(const Caller& caller) const {
  const auto owned = owned_.find(caller.uid);
  if (!caller.is_root() && owned != owned_.end() && owned->second >= settings_.tasks_per_user) {
    return Error{ErrorCode::Busy, "you have " + std::to_string(owned->second) +
                                      " active tasks, and that is the limit"};
  }
  return Done{};
}

// What tells two submissions under one id apart; empty: they are the same.
std::string Daemon::first_difference(const TaskSetup& one, const TaskSetup& other) {
  if (auto differs = config::first_difference(one.task, other.task); !differs.empty()) {
    return differs;
  }
  const RunnerHeader& a = one.header;
  const RunnerHeader& b = other.header;
  if (a.user != b.user) return "user: " + a.user + " is now " + b.user;
  if (a.sandbox != b.sandbox) return "sandbox: " + a.sandbox + " is now " + b.sandbox;
  if (a.ports != b.ports) return "the ports are others";
  if (a.chroot != b.chroot) return b.chroot ? "--chroot is new" : "--chroot is gone";
  if (a.keep_logs != b.keep_logs) return "--keep-logs is another";
  return {};
}

// Under an id that exists.
Status Daemon::submit_again(const TaskSetup& place, const Caller& caller,
                            std::function<void(const Status&)> made) {
  const std::string& id = place.header.task_id;
  const auto refuse = [&id](const std::string& why) {
    return Error{ErrorCode::Usage,
                 "task " + id + " exists already" + why + "; give another --task-id"};
  };
  if (!may_see(id, caller)) return refuse("");
  const auto led = tasks_.find(id);
  if (led == tasks_.end()) {
    const bool ended = exists(paths_.finished_task(id));
    return refuse(ended ? " and has ended: " + state_of(id) : ", and this daemon does not lead it");
  }
  const std::string differs = first_difference(led->second->host().place(), place);
  if (!differs.empty()) return refuse(" with another configuration: " + differs);
  at_turn_end([made = std::move(made)] { made(Done{}); });
  return Done{};
}

Status Daemon::place_for(const control::Submit& submit, const Caller& caller, TaskSetup& place,
                         FileOwner& owner) const {
  auto task = config::load_bound(submit.config, "the task");
  if (!task) return task.error();
  if (!caller.is_root() && task->processes.size() > settings_.processes_per_task) {
    return Error{ErrorCode::BadConfig, "the task has " + std::to_string(task->processes.size()) +
                                           " processes, and at most " +
                                           std::to_string(settings_.processes_per_task) +
                                           " may be submitted"};
  }
  place.task = std::move(*task);
  const std::uint32_t self = geteuid() == 0 ? caller.uid : geteuid();
  TaskUser user;
  if (auto trouble = find_task_user(submit.user.empty() ? name_of_user(self) : submit.user, user)) {
    return Error{trouble->retry ? ErrorCode::System : ErrorCode::NotPermitted, trouble->reason};
  }
  if (!caller.is_root() && user.uid != caller.uid) {
    return Error{ErrorCode::NotPermitted, "only root may run tasks as " + user.name};
  }
  if (submit.chroot && !caller.is_root()) {
    return Error{ErrorCode::NotPermitted, "only root may ask for --chroot"};
  }
  if (!submit.sandbox.empty()) {
    if (auto usable = check_given_sandbox(submit.sandbox, user, caller.is_root()); !usable) {
      return usable;
    }
  }
  RunnerHeader& header = place.header;
  header.task_id = submit.task_id;
  header.user = user.name;
  header.uid = user.uid;
  header.ports = submit.ports;
  header.chroot = submit.chroot;
  header.keep_logs = submit.keep_logs.value_or(settings_.keep_logs);
  header.sandbox = submit.sandbox.empty() ? paths_.default_sandbox(submit.task_id) : submit.sandbox;
  header.log_dir = header.sandbox + "/.logs";
  owner = user;
  return Done{};
}

Status Daemon::submit(const control::Submit& submit, const Caller& caller,
                      std::function<void(const Status&)> made) {
  return try_submit(submit, caller, std::move(made), 0);
}

Status Daemon::try_submit(const control::Submit& submit, const Caller& caller,
                          std::function<void(const Status&)> made, int tries) {
  if (auto may = may_submit(submit, caller); !may) return may;
  TaskSetup place{paths_, {}, {}};
  FileOwner owner;
  if (auto placed = place_for(submit, caller, place, owner); !placed) return placed;
  if (exists(paths_.finished_task(submit.task_id)) ||
      (exists(paths_.active_task(submit.task_id)) && was_begun(submit.task_id))) {
    return submit_again(place, caller, std::move(made));
  }
  if (auto room = has_room_for(caller); !room) return room;
  place.replaces_unbegun = true;
  FreshSandbox sandbox;
  if (submit.sandbox.empty()) {
    if (auto fresh = sandbox.make(place.header.sandbox, owner); !fresh) return fresh;
  }
  summaries_.forget(submit.task_id);
  auto led = host(place, place.header.uid);
  if (!led && tries < kSubmitTries && only_asked_about(submit.task_id, led.error())) {
    in_a_moment(tries, [this, submit, caller, made = std::move(made), tries] {
      if (auto again = try_submit(submit, caller, made, tries + 1); !again) made(again);
    });
    return Done{};
  }
  if (!led) return led.error();
  sandbox.keep();
  (*led)->set_made(std::move(made));
  return Done{};
}

// ---- kill, drain, order ------------------------------------------------------------------------

Result<std::vector<std::string>> Daemon::kill(const control::AskKill& kill, const Caller& caller,
                                              const std::vector<std::string>& ids) {
  KillRequest request = kill.request;
  request.reason = asked_by(caller);
  std::vector<std::string> asked;
  for (const std::string& id : ids) {
    const auto it = tasks_.find(id);
    if (it == tasks_.end()) continue;  // it ended, or nobody leads it
    it->second->host().kill(request);
    asked.push_back(id);
  }
  if (!asked.empty()) return asked;
  const std::string& first = kill.patterns.front();
  const auto led = may_be_task(first) ? find_led(first, caller) : Result<Hosted*>(nullptr);
  if (!led && led.error().code != ErrorCode::NotFound) return led.error();
  return Error{ErrorCode::NotFound, "no active task of yours matches '" + first + "'"};
}

Result<std::vector<std::string>> Daemon::drain(const control::AskDrain& drain,
                                               const Caller& caller) {
  if (!caller.is_root() && caller.uid != geteuid()) {
    return Error{ErrorCode::NotPermitted, "only root may drain this daemon"};
  }
  draining_ = true;
  const KillRequest request{drain.wait, false, "drained, " + asked_by(caller)};
  std::vector<std::string> asked;
  for (const auto& [id, task] : tasks_) {
    asked.push_back(id);
    task->host().kill(request);
  }
  at_turn_end([this] { finish_draining(); });  // there may be nothing to wait for
  return asked;
}

void Daemon::finish_draining() {
  if (draining_ && tasks_.empty() && on_drained) on_drained();
}

Result<Daemon::Hosted*> Daemon::find_led(const std::string& task_id, const Caller& caller) {
  if (!may_be_task(task_id)) return check_task_id(task_id).error();
  const bool led = tasks_.contains(task_id);
  const bool active = led || exists(paths_.active_task(task_id));
  // Another user's is no more there than one that never was.
  if ((!active && !exists(paths_.finished_task(task_id))) || !may_see(task_id, caller)) {
    return Error{ErrorCode::NotFound, "no task " + task_id};
  }
  if (led) return tasks_.find(task_id)->second.get();
  if (!active) return Error{ErrorCode::NotFound, "task " + task_id + " has ended"};
  const auto why = left_.find(task_id);
  return Error{ErrorCode::Busy, "task " + task_id + " is not led by this daemon" +
                                    (why == left_.end() ? "" : ": " + why->second)};
}

Status Daemon::order(const control::AskOrder& ask, const Caller& caller,
                     std::function<void(const Status&)> done) {
  auto found = find_led(ask.task_id, caller);
  if (!found) return found.error();
  Hosted& task = **found;
  OrderRequest request = ask.request;
  request.reason = asked_by(caller);
  if (auto given = task.host().order(request); !given) return given;
  std::optional<std::uint32_t> run;
  const History& history = task.host().history();
  if (const auto slot = history.find(request.process); slot && request.verb != Verb::Start) {
    const ProcessHistory& process = history.process(*slot);
    // A launch that is called off leaves its run where it is.
    const bool began = process.live() && process.current()->state != ProcessState::Waiting;
    if (process.ending && began) run = process.ending->run;
  }
  task.when_over(request.process, run, std::move(done));
  return Done{};
}

// ---- wait --------------------------------------------------------------------------------------

Result<Daemon::WaitKey> Daemon::when_ended(const std::string& task_id, const Caller& caller,
                                           std::function<void(const std::string&)> ended) {
  auto led = find_led(task_id, caller);
  if (led) {
    const WaitKey key = next_wait_++;
    waiting_[task_id].emplace(key, std::move(ended));
    return key;
  }
  if (!exists(paths_.finished_task(task_id)) || !may_see(task_id, caller)) return led.error();
  ended(state_of(task_id));
  return WaitKey{0};
}

void Daemon::wait_no_more(const std::string& task_id, WaitKey key) {
  const auto it = waiting_.find(task_id);
  if (it == waiting_.end()) return;
  it->second.erase(key);
  if (it->second.empty()) waiting_.erase(it);
}

}  // namespace thermos
