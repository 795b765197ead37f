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

// A task whose stream is locked and read.
struct OpenedTask {
  StreamWriter writer;  // of the runner's stream, locked and ready for append()
  History history;      // what the stream holds; empty for a new task
  std::size_t records = 0;
  // Where the task runs: as recorded. For a new task, from `setup`, with a log directory of its
  // own: see claim_log_directory().
  RunnerHeader header;
  std::optional<PendingReplacement> replacement;  // asked for, and not on record yet
  FenceVerdict fence;                             // about the leader before
  // With SyncMode::Power, the file of a new task as prepare_active_task() made it: the caller
  // places it, together with others, before it records anything.
  std::optional<Descriptor> unplaced;
};

// Creates the files of a new task (but see `unplaced`), locks its stream and reads it. With
// SyncMode::Power, everything in the history is on the disk when this returns. `now` is wall time
// in microseconds. Fails with Usage if the task has ended (the message says how), Busy if another
// leads it (the message names who) or may lead it on another machine, and then nothing of the task
// is changed; BadConfig if it exists with another configuration, Corrupt, or System. `reach` is
// that of the locks of the file system that holds the stream; nothing: that is looked up.
Result<OpenedTask> open_task(const TaskSetup& setup, SyncMode sync, Microseconds now,
                             std::optional<LockReach> reach = std::nullopt);

}  // namespace thermos
