// Checks a client's submission: whether it is a valid task, who owns it, and where it runs.
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
  // Complete, but if the client named no sandbox, its directory does not exist yet.
  TaskSetup setup;
  FileOwner owner;  // the user that the task runs as
};

// Checks a submission. Fails with BadConfig for an invalid task, with NotPermitted if the caller
// may not submit it (as that user, with --chroot, with nodes, or with a secret's file read as
// root), or, if the sandbox that the client named can't be used, with Usage, NotFound, NotPermitted
// or System.
Result<Submission> check_submission(const control::Submit& submit, const Caller& caller,
                                    const Settings& settings, const Paths& paths);

// Describes for people how two submissions under one id differ; "" if they are the same.
std::string first_difference(const TaskSetup& one, const TaskSetup& other);

// The same for the properties that can't change when a task's configuration is replaced: its user,
// sandbox, ports, chroot and kept logs.
std::string first_fixed_difference(const RunnerHeader& one, const RunnerHeader& other);

// Returns the user's name, or the number if there is no such account.
std::string name_of_user(std::uint32_t uid);

}  // namespace thermos
