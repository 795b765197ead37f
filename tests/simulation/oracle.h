// The rules of a task, implemented a second time, independently of core: slow, plain, and evaluated
// from scratch at every step. It knows only what was written to the runner's stream. The rules:
//
// - A process runs when it is not live, is neither finished nor failed, and everything that it
//   needs has come about: that a process is finished (success), that a run of it has been RUNNING
//   (start), or that it is finished or has failed (end). A SUCCESS finishes it, unless it is a
//   daemon, which then runs again. When it has ended FAILED max_failures times (0: no limit), it
//   has failed; an ephemeral process is finished instead. So it is when it was KILLED max_kills
//   times (0: no limit), orders not counted. Else KILLED and LOST are not failures: it runs again.
// - ACTIVE runs the regular processes. It ends FAILED when max_failures processes of the task have
//   failed (0: no limit), with keep_going only when no more can run; SUCCESS when all that are not
//   ephemeral are finished or failed; FAILED when none of these lives or can ever run (a deadlock;
//   a held one can still be started).
// - CLEANING ends what runs, and FINALIZING runs the `final` processes, both within one deadline.
//   How the finalizers end does not change the task's result.
// - A process with a stop_wait is killed so long after the end of the task reached it: when the
//   task left ACTIVE, or, for a finalizer, when it was lost.
// - While the task is ACTIVE, it takes orders for regular processes that are not finished. One that
//   has failed can only be started: it is no longer failed, and its failures and kills are counted
//   from 0; but its end had come. A stopped process is held until an order starts it.
// - Between two runs is min_duration, and behind the n-th failure in a row first * factor^(n-1), at
//   most `most`, if the process has a backoff. KILLED counts as FAILED does, unless an order did
//   it; LOST does not count. A SUCCESS starts over, and so does a user's start; the failure of a
//   run that lasted `reset` is the first.
// - A run that is not ready within the time of its `ready`, though it was asked, is ended likewise.
// - A run that is not healthy so often in a row as its `healthy` allows is ended likewise. It is
//   asked as long as it is RUNNING, and ready if it has a `ready`.
// - A run may say that it is ready, that it is stopping (its health is not asked any more), and
// that
//   it needs time until a moment: none of its limits is over before, and, if it said so after it
//   was told to end, it is not killed for its stop_wait before. The deadline of the task stands.
// - A task that yields starts nothing, and ends what runs by orders that date from `hold` before. A
//   run that ends SUCCESS all the same has done so. Until the next leader has written that it
//   leads, the time of the stages behind ACTIVE stands still.
// - A process whose run takes longer than the leader has the machine for does not start.
// - A run that is RUNNING for as long as its timeout is ended, unless it is ending anyway, and has
//   FAILED, however it ends then.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "machine.h"
#include "script.h"

namespace thermos::sim {

// What one record of the runner's stream says, and the true times of it.
struct Entry {
  enum class Kind : std::uint8_t {
    Header,
    Task,
    Place,
    Shortage,
    Replacement,
    Process,
    Order,
    Ready,
    Unhealthy,
    Healthy,
    Said
  };
  Kind kind = Kind::Header;
  Moment written;

  TaskState state = TaskState::Active;
  TaskState goal = TaskState::Success;
  // The true time by which the stages after ACTIVE must be over. It is a range, because between two
  // boots with a wall clock that was set meanwhile nobody can know.
  Microseconds deadline_low = 0;
  Microseconds deadline_high = 0;

  ProcessIndex process = 0;
  std::uint32_t run = 0;
  std::uint64_t seq = 0;
  ProcessState process_state = ProcessState::Waiting;
  Moment happened;           // when it truly came to that
  bool first_start = false;  // the first RUNNING of a process whose start others need
  bool by_order = false;     // KILLED, because a user said so

  ReportKind said = ReportKind::Status;
  Microseconds until = 0;  // true time, of Extended

  Verb verb = Verb::Start;
  bool revives = false;
  Microseconds kill_at = 0;  // true time; all but Start

  std::vector<ProcessIndex> changed;  // by a Replacement

  // Of a Place: the leader gives the task up. Of an order: it was for that.
  bool yields = false;
};

class Oracle {
 public:
  explicit Oracle(const Script& script)
      : script_(&script), processes_(script.task.processes.size()) {}

  void apply(const Entry& entry);
  // The launch of `p` is under way.
  // An order may have come between the decision and this.
  void launching(ProcessIndex p) { processes_[p].parked = processes_[p].held; }

  struct Process {
    bool spoken = false;     // any record at all
    bool ran = false;        // a run of it by the definition that it has
    bool was_ready = false;  // a run of it has been ready
    bool begun = false;      // a run of it has been RUNNING
    bool live = false;       // its last run has no terminal record
    bool kept = false;       // it was live when the configuration was replaced
    std::uint32_t run = 0;
    std::uint64_t next_seq = 0;
    ProcessState state = ProcessState::Waiting;
    std::uint32_t failures = 0;  // since it was revived, as kills
    std::uint32_t kills = 0;
    bool revived = false;  // it had failed, and an order started it
    bool succeeded = false;
    std::uint32_t in_row = 0;       // failures, as the backoff counts them
    Microseconds backoff = 0;       // what it asks for from the last end on
    std::optional<Moment> started;  // its last run: when it was RUNNING
    bool ready = false;             // its last run
    std::uint32_t refusals = 0;     // in a row, by its last run
    std::optional<Moment> ended;
    Microseconds heard = 0;  // when its last record was written

    bool held = false;
    bool immediate = false;  // its next run need not wait
    bool parked = false;     // an order cancelled its run before it began, or may have
    // When an order to end the current run was written, if one was.
    std::optional<Moment> ending;
    bool failing = false;  // that order was the runner's: it counts as FAILED
    bool yields = false;   // that order was for a yield: a SUCCESS is one
    // The last run that an order ended or was to end, and when it must be killed.
    std::optional<std::uint32_t> ordered_run;
    Microseconds kill_at = 0;

    // What its run under way said: when it last asked for more time, and until when.
    std::optional<Moment> asked;
    Microseconds until = 0;
    bool stopping = false;
    Microseconds said_at = 0;  // when the last of it was recorded
    std::optional<Moment> status;
  };

  const Process& process(ProcessIndex p) const { return processes_[p]; }
  // When a leader began to yield; until the next one has written that it leads.
  const std::optional<Moment>& yielded() const { return yielded_; }
  bool started() const { return started_; }  // whether any task status was written
  // The last task status.
  const Entry& task() const { return task_; }

  bool finished(ProcessIndex p) const;
  bool failed(ProcessIndex p) const;
  bool over(ProcessIndex p) const { return finished(p) || failed(p); }
  bool holds(const Need& need) const;
  bool has_what_it_needs(ProcessIndex p) const;
  bool runnable(ProcessIndex p) const;
  // Whether it is over, lives or may run some time, by what it needs.
  bool may_come(ProcessIndex p) const;
  std::uint32_t live(bool final_stage) const;  // without those that are parked
  std::uint32_t parked(bool final_stage) const;

  // When `p`, told to end with its task, must be killed by its stop_wait; nothing if it has none,
  // was not told, or was under another boot than `boot`.
  std::optional<Microseconds> stop_wait_over(ProcessIndex p, std::uint64_t boot) const;

  // When `p`, ended by an order, must be killed.
  Microseconds order_over(ProcessIndex p) const;
  // No limit of its run is over before this.
  Microseconds extended(ProcessIndex p) const { return processes_[p].until; }

  // Whether an order for `p` must be accepted.
  bool may_order(ProcessIndex p, Verb verb) const;

  bool limit_reached() const;
  bool complete(bool final_stage) const;
  bool deadlocked(bool final_stage) const;
  // The result with which ACTIVE ends now; nothing if it does not end.
  std::optional<TaskState> verdict() const;

 private:
  void redefine(ProcessIndex p);
  void apply_order(const Entry& entry);
  void apply_saying(const Entry& entry);
  static void forget_sayings(Process& process);
  Microseconds not_before_asked(ProcessIndex p, const Moment& told, Microseconds at) const;
  void apply_backoff(const Entry& entry);
  bool exhausted(ProcessIndex p) const;

  const Script* script_;
  std::vector<Process> processes_;
  bool started_ = false;
  Entry task_;
  std::optional<Moment> left_active_;
  std::optional<Moment> lost_;
  std::optional<Moment> yielded_;
  bool given_up_ = false;  // by the last place on record
};

}  // namespace thermos::sim
