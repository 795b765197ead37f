// One task in the foreground: what `thermos run` and, where nobody leads, `thermos kill` do.
#pragma once

#include <optional>
#include <string>

#include "core/frame.h"
#include "core/paths.h"
#include "core/record.h"
#include "core/result.h"
#include "core/runner.h"
#include "core/task.h"

namespace thermos {

enum class SyncMode : std::uint8_t {
  Power,  // terminal records reach the disk before what depends on them starts
  Crash,  // flushing is left to the kernel, which survives kill -9 of everything
};

// Watches a task go by. Called on the loop, between turns of the state machine; it must not block.
class TaskObserver {
 public:
  TaskObserver() = default;
  TaskObserver(const TaskObserver&) = delete;
  TaskObserver& operator=(const TaskObserver&) = delete;
  virtual ~TaskObserver() = default;

  // A record was appended and applied; `history` includes it. On a resume the records of earlier
  // runners are not repeated.
  virtual void on_record(const Record& record, const History& history) = 0;
  // The position that the next record is appended with, for who keeps an order of events; 0: none.
  virtual std::uint64_t next_position() { return 0; }
  // The record just appended, as its frame's payload; valid during the call.
  virtual void on_appended(std::uint64_t /*position*/, Bytes /*payload*/) {}

  // The turn is over: for a live line. `now` is the turn's time. Returns the boot time at which it
  // wants to be called again though nothing happens (a countdown on a terminal); nothing: never.
  virtual std::optional<Microseconds> on_turn(Runner& runner, Now now) = 0;
};

// What is to be run, and where.
struct TaskPlace {
  Paths paths;
  TaskConfig task;      // fully bound and checked
  RunnerHeader header;  // launch_time and hostname are filled in when a new task is made
  // The task is new: what somebody made under its id and died before it began is replaced. Else
  // that goes on, if its configuration is the same.
  bool replaces_unbegun = false;
};

// Takes the lead of a task and runs it to its end. A task id that is new is created on the disk;
// one that is active and led by nobody is resumed, if the configuration is the same. SIGINT and
// SIGTERM are a kill with the task's own finalization_wait, a second one a kill at once. Errors:
// Busy (someone leads it; the message names who), BadConfig (another configuration under this id;
// names the first difference), Usage (the id ended already; says how), Corrupt, System.
Result<TaskState> run_in_foreground(const TaskPlace& place, SyncMode sync, TaskObserver& observer);

// How a task is to be stopped.
struct KillRequest {
  std::optional<Microseconds> wait;  // nothing: the task's own finalization_wait (0 for lose)
  bool lose = false;
};

// What is wanted of one process.
struct OrderRequest {
  std::string process;
  Verb verb = Verb::Start;
  std::optional<Microseconds> wait;  // from SIGTERM to SIGKILL; nothing: finalization_wait
};

// Stops an active task, whoever leads it: asks the leader; without one, or with a one-task leader
// that doesn't answer, takes the lock and does the work here. Returns how the task ended, if it has
// ended already, too. NotFound when there is no such task.
Result<TaskState> kill_task(const Paths& paths, const std::string& task_id,
                            const KillRequest& request, TaskObserver& observer);

// What Busy says of a task's leader: "pid 123 (thermos run ...)"; empty when nobody is found.
std::string name_leader(const Paths& paths, const std::string& task_id);

}  // namespace thermos
