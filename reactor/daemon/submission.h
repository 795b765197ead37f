// Checks what a client submits: whether it is a valid task, who owns it, and where it runs.
#pragma once

#include <string>

#include "capnp/control.h"
#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/daemon/caller.h"
#include "reactor/daemon/settings.h"
#include "reactor/host/task_setup.h"
#include "reactor/os/as_user.h"

namespace thermos {

struct Submission {
  TaskSetup setup;  // complete; a sandbox that the client did not name does not exist yet
  FileOwner owner;  // the user that the task runs as
};

// Checks a submission. Fails with BadConfig for an invalid task, NotPermitted if the caller may not
// run it as that user or with --chroot, or with what is wrong with the sandbox that the client
// named: Usage, NotFound, NotPermitted or System.
Result<Submission> check_submission(const control::Submit& submit, const Caller& caller,
                                    const Settings& settings, const Paths& paths);

// How two submissions under one id differ, for people; empty if they are the same.
std::string first_difference(const TaskSetup& one, const TaskSetup& other);

// The same, of what stays as it was when a task's configuration is replaced: its user, sandbox,
// ports and logs.
std::string first_fixed_difference(const RunnerHeader& one, const RunnerHeader& other);

// The user's name; the number if they have no account.
std::string name_of_user(std::uint32_t uid);

}  // namespace thermos
