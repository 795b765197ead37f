// The environment of one run: the variables of a login, those that the configuration adds, and
// those that describe the run.
#pragma once

#include <string>
#include <vector>

#include "core/record/record.h"
#include "core/runner/effects.h"
#include "core/task/task.h"

namespace thermos {

// Adds to `environment` ("NAME=VALUE"): TRACEPARENT, which names the run's span (TraceIds); the
// variables of the task and of the process; THERMOS_TASK_ID, THERMOS_PROCESS, THERMOS_RUN and, for
// a finalizer, THERMOS_RESULT. A later variable replaces an earlier one of the same name.
void complete_environment(const RunnerHeader& header, const TaskConfig& task,
                          const StartProcess& start, std::vector<std::string>& environment);

// Adds the variables for sd_notify(3) and sd_watchdog_enabled(3): an empty NOTIFY_SOCKET, for the
// coordinator to fill in, and WATCHDOG_USEC if the process has a watchdog. Drops other variables of
// these names. REQUIRES: may_notify(process).
void add_notify_variables(const ProcessConfig& process, std::vector<std::string>& environment);

}  // namespace thermos
