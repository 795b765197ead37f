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
  // What the owner does. Then it calls next() again: in the same turn, but behind Wait and Stop at
  // the end of a later one.
  enum class Act : std::uint8_t {
    Wait,
    Stop,        // orders what to_stop() names to stop
    SyncRecord,  // brings all that is recorded to the disk, whatever the task's sync mode asks for
    WriteTask,   // replaces the task's file; then it calls task_written()
    TakeLead,    // makes a runner of the new configuration, whose Lead has the record
    RemoveFile,  // removes the replacement's file: the new configuration is in force
    CallOff,     // removes the replacement's file: the task ends as it was
    Abandon,     // leaves the replacement's file to the next leader
  };
  // What the owner knows at the moment. `now` is boot time in microseconds.
  struct Facts {
    bool leads = true;  // it has not stopped leading the task; one that has ended counts as led
    bool idle = true;   // no effect of the runner waits to be carried out
    Microseconds now = 0;
  };

  // Begins a replacement whose file is on the disk. `task_written`: the leader before replaced the
  // task's file already.
  Replacing(Replacement record, bool task_written)
      : record_(std::move(record)), task_written_(task_written) {}

  // Whether the first Lead of a new leader, whose stream holds `history`, has the record. Asked
  // once, before next().
  bool takes_lead_at_once(const History& history);

  // `runner`: that of the old configuration, and behind TakeLead that of the new one. REQUIRES: the
  // act before, if it was not Wait, was carried out. Not called again behind RemoveFile, CallOff or
  // Abandon.
  Act next(const Runner& runner, const Facts& facts);
  // The names of the processes to stop.
  const std::vector<std::string>& to_stop() const { return to_stop_; }
  // The task's file was replaced, or, with the disk full, was not: then it is tried again later.
  void task_written(bool written, Microseconds now);
  // The boot time of the next try; nothing: none waits for its time.
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
