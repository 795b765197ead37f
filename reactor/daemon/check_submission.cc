#include "reactor/daemon/check_submission.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/config/difference.h"
#include "core/config/load.h"
#include "core/record/trace_context.h"
#include "core/task/check_launch.h"
#include "core/task/check_task.h"
#include "reactor/os/account.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/errors.h"
#include "reactor/os/task_user.h"

namespace thermos {
namespace {

// Checks that the owner can use the sandbox that the caller named. The path may lead to another
// directory by the time of a launch, so each launch checks it again.
Status check_given_sandbox(const std::string& sandbox, const FileOwner& owner, bool by_root) {
  if (sandbox.front() != '/') {
    return Error{ErrorCode::Usage, "the sandbox must be an absolute path: " + sandbox};
  }
  const AsUser self(owner);
  if (!self.holds()) return cannot_act_as(owner);
  const Descriptor directory(open(sandbox.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const bool usable =
      directory && (by_root || faccessat(directory.get(), ".", W_OK | X_OK, AT_EACCESS) == 0);
  if (usable) return Done{};
  return system_error(code_of_named(errno), "the sandbox " + sandbox + ", as " + owner.name, errno);
}

}  // namespace

std::string name_of_user(std::uint32_t uid) {
  auto account = find_account(uid);
  // Tries twice, because the lookup also fails if no descriptor was free for a moment.
  if (!account) account = find_account(uid);
  return account ? account->name : std::to_string(uid);
}

Result<Submission> check_submission(const control::Submit& submit, const Caller& caller,
                                    const Settings& settings, const Paths& paths) {
  auto task = config::load_bound(submit.config, "the task");
  if (!task) return task.error();
  if (auto had = check_shared_uses(*task, settings.pools); !had) return had.error();
  if (!caller.is_root() && task->processes.size() > settings.processes_per_task) {
    return Error{ErrorCode::BadConfig, "the task has " + std::to_string(task->processes.size()) +
                                           " processes, and at most " +
                                           std::to_string(settings.processes_per_task) +
                                           " may be submitted"};
  }
  const std::uint32_t self = geteuid() == 0 ? caller.uid : geteuid();
  TaskUser user;
  if (auto error = find_task_user(submit.user.empty() ? name_of_user(self) : submit.user, user)) {
    return Error{error->retry ? ErrorCode::System : ErrorCode::NotPermitted, error->reason};
  }
  if (!caller.is_root() && user.uid != caller.uid) {
    return Error{ErrorCode::NotPermitted, "only root may run tasks as " + user.name};
  }
  if (!caller.is_root() && reads_as_root(*task)) {
    return Error{ErrorCode::NotPermitted, "only root may have a secret's file read as root"};
  }
  // The commands in 'nodes' run with the daemon's rights.
  if (task->nodes && !caller.is_root() && caller.uid != geteuid()) {
    return Error{ErrorCode::NotPermitted,
                 "only root and the daemon's own user may submit a task with 'nodes'"};
  }
  if (submit.chroot && !caller.is_root()) {
    return Error{ErrorCode::NotPermitted, "only root may ask for --chroot"};
  }
  if (!submit.sandbox.empty()) {
    if (auto usable = check_given_sandbox(submit.sandbox, user, caller.is_root()); !usable) {
      return usable.error();
    }
  }
  Submission checked{{paths, std::make_shared<const TaskConfig>(std::move(*task)), {}}, user};
  RunnerHeader& header = checked.setup.header;
  header.task_id = submit.task_id;
  header.user = user.name;
  header.uid = user.uid;
  header.ports = submit.ports;
  header.chroot = submit.chroot;
  header.keep_logs = submit.keep_logs.value_or(settings.keep_logs);
  header.sandbox = submit.sandbox.empty() ? paths.default_sandbox(submit.task_id) : submit.sandbox;
  header.log_dir = header.sandbox + "/.logs";
  if (const auto parent = trace_parent_from(submit.trace_parent)) {
    header.trace_parent = text_of(*parent);
  }
  return checked;
}

std::string first_difference(const TaskSetup& one, const TaskSetup& other) {
  const std::string differs = config::first_difference(*one.task, *other.task);
  return differs.empty() ? first_fixed_difference(one.header, other.header) : differs;
}

std::string first_fixed_difference(const RunnerHeader& a, const RunnerHeader& b) {
  if (a.user != b.user) return "user: " + a.user + " is now " + b.user;
  if (a.sandbox != b.sandbox) return "sandbox: " + a.sandbox + " is now " + b.sandbox;
  if (a.ports != b.ports) return "the ports differ";
  if (a.chroot != b.chroot) return b.chroot ? "with --chroot" : "without --chroot";
  if (a.keep_logs != b.keep_logs) return "--keep-logs differs";
  return {};
}

}  // namespace thermos
