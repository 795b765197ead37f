// What a client submits, looked at: whether it may be a task, whose, and where it runs.
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
  TaskSetup setup;  // complete, but that a sandbox that was not named is not made
  FileOwner owner;  // the user that it runs as
};

// BadConfig; NotPermitted where the caller may not have it run so; and what stands against the
// sandbox that they named.
Result<Submission> check_submission(const control::Submit& submit, const Caller& caller,
                                    const Settings& settings, const Paths& paths);

// What tells two submissions under one id apart; empty: they are the same.
std::string first_difference(const TaskSetup& one, const TaskSetup& other);

// A user's name; the number where they have none.
std::string name_of_user(std::uint32_t uid);

}  // namespace thermos
