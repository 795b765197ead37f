// Opens a task in order to lead it: its files, its lock and its history.
#pragma once

#include <cstddef>
#include <optional>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/record/history.h"
#include "core/runner/fence.h"
#include "reactor/host/sync_mode.h"
#include "reactor/host/task_setup.h"
#include "reactor/store/replacement_file.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

// A task whose stream is locked and was read.
struct OpenedTask {
  StreamWriter writer;  // writes the runner's stream; locked and ready for append()
  History history;      // the records of the stream; empty for a new task
  std::size_t records = 0;
  // Where the task runs, as recorded. For a new task it is taken from `setup`, with a log directory
  // of its own: see claim_log_directory().
  RunnerHeader header;
  std::optional<PendingReplacement> replacement;  // requested, but not on record yet
  FenceVerdict fence;                             // what was decided about the previous leader
  // For a new task with SyncMode::Power, the file that prepare_active_task() returned. The caller
  // places it (TaskPlacing), together with the files of other tasks, before it records anything.
  std::optional<Descriptor> unplaced;
};

// Creates the files of a new task (but see `unplaced`), locks its stream and reads it. With
// SyncMode::Power, everything in the history is on the disk when this returns. `now` is wall time
// in microseconds. Fails with Usage if the task has ended (the message tells its state); Busy if
// another process leads it (the message names it) or may lead it on another machine, and then
// changes nothing of the task; BadConfig if it exists with another configuration; Corrupt; or
// System. `reach` tells which machines see the locks of the stream's file system; if it is not
// given, it is looked up.
Result<OpenedTask> open_task(const TaskSetup& setup, SyncMode sync, Microseconds now,
                             std::optional<LockReach> reach = std::nullopt);

}  // namespace thermos
