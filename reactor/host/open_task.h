// How a task comes to be led: its files, its lock and its history.
#pragma once

#include <cstddef>
#include <optional>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/record/history.h"
#include "reactor/host/sync_mode.h"
#include "reactor/host/task_setup.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

// What is known of a task when its stream's lock is taken.
struct OpenedTask {
  StreamWriter writer;  // of the runner's stream, locked and ready for append()
  History history;      // what it says; empty for a new task
  std::size_t records = 0;
  RunnerHeader header;  // where the task runs: as recorded, or as `setup` says for a new one
};

// Makes the files of a task that is new, takes the lock of its stream and reads it. What the
// history says is on the disk then, if `sync` asks for that. `now`: wall time. Errors: Usage (it
// has ended already; says how), Busy (another leads it; names who), BadConfig (it exists with
// another configuration), Corrupt, System.
Result<OpenedTask> open_task(const TaskSetup& setup, SyncMode sync, Microseconds now);

}  // namespace thermos
