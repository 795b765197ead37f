// The rules of a task a second time, from DESIGN.md and not from core: slow, plain, and asked anew
// at every step. It knows only what was written to the runner's stream.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "machine.h"
#include "script.h"

namespace thermos::sim {

// What one record of the runner's stream says, and what truly happened when it was written.
struct Entry {
  enum class Kind : std::uint8_t { Header, Task, Process, Order };
  Kind kind = Kind::Header;
  Moment written;

  TaskState state = TaskState::Active;
  TaskState goal = TaskState::Success;
  // True time by which the stages after ACTIVE must be over. Between two boots with a wall clock
  // that was set meanwhile nobody can know, so it is a range.
  Microseconds deadline_low = 0;
  Microseconds deadline_high = 0;

  ProcessIndex process = 0;
  std::uint32_t run = 0;
  std::uint64_t seq = 0;
  ProcessState process_state = ProcessState::Waiting;
  Moment ended;  // when the process truly ended; terminal states only

  Verb verb = Verb::Start;
  Microseconds kill_at = 0;  // true time; Stop and Restart
};

class Oracle {
 public:
  explicit Oracle(const Script& script)
      : script_(&script), processes_(script.task.processes.size()) {}

  void apply(const Entry& entry);
  // Its launch is on the way.
  void launching(ProcessIndex p) { processes_[p].parked = false; }

  struct Process {
    bool spoken = false;  // any record at all
    bool live = false;    // its last run has no terminal record
    std::uint32_t run = 0;
    std::uint64_t next_seq = 0;
    ProcessState state = ProcessState::Waiting;
    std::uint32_t failures = 0;
    bool succeeded = false;
    std::optional<Moment> ended;

    bool held = false;
    bool immediate = false;  // its next run need not wait
    bool parked = false;     // its run was called off by an order before it began, or may have been
    // The order to end the run under way.
    std::optional<Moment> ending;
    // The last run that was to end by an order, and when it must die.
    std::optional<std::uint32_t> ordered_run;
    Microseconds kill_at = 0;
  };

  const Process& process(ProcessIndex p) const { return processes_[p]; }
  bool started() const { return started_; }  // any task status yet
  // The last task status.
  const Entry& task() const { return task_; }

  bool finished(ProcessIndex p) const;  // its dependents may run
  bool failed(ProcessIndex p) const;
  bool over(ProcessIndex p) const { return finished(p) || failed(p); }
  bool dependencies_finished(ProcessIndex p) const;
  bool runnable(ProcessIndex p) const;
  std::uint32_t live(bool final_stage) const;  // without those that are parked
  std::uint32_t parked(bool final_stage) const;

  // An order for it is not refused.
  bool may_order(ProcessIndex p) const;

  bool limit_reached() const;
  bool complete(bool final_stage) const;
  bool deadlocked(bool final_stage) const;
  // How ACTIVE ends now, if it does.
  std::optional<TaskState> verdict() const;

 private:
  void apply_order(const Entry& entry);
  bool exhausted(ProcessIndex p) const;

  const Script* script_;
  std::vector<Process> processes_;
  bool started_ = false;
  Entry task_;
};

}  // namespace thermos::sim
