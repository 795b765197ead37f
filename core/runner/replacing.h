// One replacement of a task's configuration under way, as a pure machine: which processes are
// stopped for it, and in which order the task's file, the record and the replacement's own file
// change. Host and simulator carry out what it says.
//
// The order guards against a crash at any moment:
// - The replacement's file is on the disk before the first process is stopped. It goes when the
//   record is on the disk, or when the replacement is called off.
// - What stopped is on the disk before the task's file changes. So a leader that finds the task's
//   file changed, and no record of it, knows that nothing of the replacement runs, and records it
//   before it starts anything. Otherwise it would start a process that the replacement adds, and
//   its record could not follow: no process runs under a definition that is not on record.
// - The task's file changes before the record: a leader has a single configuration to read, and the
//   replacement's file tells it what differs from the one before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/times.h"
#include "core/record/history.h"
#include "core/record/record.h"
#include "core/runner/runner.h"

namespace thermos {

class Replacing {
 public:
  // What the owner does next. Then it calls next() again: at the end of a later turn after Wait and
  // Stop, otherwise in the same turn.
  enum class Act : std::uint8_t {
    Wait,
    Stop,        // order the processes that to_stop() names to stop
    SyncRecord,  // bring all records to the disk, whatever the task's sync mode is
    WriteTask,   // replace the task's file, and call task_written()
    TakeLead,    // make a runner of the new configuration, whose Lead has the record
    RemoveFile,  // remove the replacement's file: the new configuration is in force
    CallOff,     // remove the replacement's file: the task ends with the old configuration
    Abandon,     // leave the replacement's file to the next leader
  };
  // What the owner knows when it calls next(). `now` is boot time in microseconds.
  struct Facts {
    bool leads = true;  // the owner leads the task, or has led it to its end
    bool idle = true;   // no effect of the runner waits to be carried out
    Microseconds now = 0;
  };

  // Begins a replacement whose file is on the disk. `task_written`: an earlier leader replaced the
  // task's file already.
  Replacing(Replacement record, bool task_written)
      : record_(std::move(record)), task_written_(task_written) {}

  // Returns whether the first Lead of a new leader has the record. `history` is that of the stream
  // that the leader found. Called once, before next().
  bool takes_lead_at_once(const History& history);

  // Returns what the owner does next. `runner` is the runner of the old configuration, and of the
  // new one after TakeLead. REQUIRES: the last act was carried out, and was not RemoveFile, CallOff
  // or Abandon, which end the replacement.
  Act next(const Runner& runner, const Facts& facts);
  // Returns the names of the processes to stop, after Stop.
  const std::vector<std::string>& to_stop() const { return to_stop_; }
  // Takes the result of WriteTask. If the file was not written, the machine tries again later.
  void task_written(bool written, Microseconds now);
  // Returns the boot time of the next try to write the task's file, or nothing if none is due.
  std::optional<Microseconds> again_at() const { return again_at_; }

  const Replacement& record() const { return record_; }

 private:
  enum class Stage : std::uint8_t { Stopping, Stopped, Writing, Written, Leading, Recorded };

  Act stop(const Runner& runner, const Facts& facts);

  Replacement record_;
  bool task_written_;
  Stage stage_ = Stage::Stopping;
  std::vector<std::string> to_stop_;
  std::optional<Microseconds> again_at_;
};

}  // namespace thermos
