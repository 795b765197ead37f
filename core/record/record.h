// The records of a checkpoint stream as plain structs. capnp/codec.h converts them to messages.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/times.h"
#include "core/record/state.h"
#include "core/record/usage.h"
#include "core/task/task.h"

namespace thermos {

// The kernel's boot id (/proc/sys/kernel/random/boot_id, random(4)). Pids, ticks and boot times are
// comparable only within one boot.
struct BootId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const BootId&) const = default;
};

// Identifies a process within one boot: the kernel recycles pids, but not a pid with the same start
// time (field 22 of /proc/PID/stat, in clock ticks, proc(5)). If ticks is 0, the start time is not
// known.
struct Identity {
  std::int32_t pid = 0;
  std::uint64_t ticks = 0;
  bool operator==(const Identity&) const = default;
};

inline constexpr std::uint32_t kDefaultKeepLogs = 100;

// The first record of a runner's stream: where the task runs and as which user.
struct RunnerHeader {
  std::string task_id;
  std::string sandbox;
  std::string log_dir;
  std::string hostname;
  std::string user;
  std::uint32_t uid = 0;
  Microseconds launch_time = 0;  // wall time
  std::map<std::string, std::uint16_t> ports;
  bool chroot = false;
  // The output of this many latest runs of each process is kept, and that of its first failed run.
  // 0: the output of all runs is kept.
  std::uint32_t keep_logs = kDefaultKeepLogs;
  // The id of the ended task that this task continues, and whose successes it may have taken over.
  // Empty: this task continues none.
  std::string continues{};
  // The traceparent (W3C Trace Context) that the task was started with; empty: none, or an invalid
  // one.
  std::string trace_parent{};
  bool operator==(const RunnerHeader&) const = default;
};

// The resource of which the machine has too little for a launch at the moment.
enum class Shortage : std::uint8_t { None, Descriptors, Pids, Memory, Disk, Other };
inline constexpr std::size_t kShortages = 6;
std::string_view name_of(Shortage shortage);
std::optional<Shortage> shortage_from(std::string_view name);

// The task changed state, or a runner took the lead in the state the task was already in, or a
// shortage began or ended.
struct TaskStatus {
  TaskState state = TaskState::Active;
  Timestamp at;
  std::int32_t runner_pid = 0;
  std::uint32_t runner_uid = 0;
  BootId boot;
  // The terminal state that the task will reach, decided when it leaves ACTIVE. Meaningless while
  // ACTIVE.
  TaskState goal = TaskState::Success;
  // When CLEANING and FINALIZING together must have ended, by both clocks: the time when the task
  // left ACTIVE plus its finalization wait; 0: not known. Meaningless while ACTIVE.
  Timestamp deadline;
  std::string_view reason;  // for people; may be empty. Borrowed like ProcessStatus::process
  // If not None, this record changes no state: the launches of this task wait because the machine
  // is short of this resource or, with `shortage_over`, no longer wait.
  Shortage shortage = Shortage::None;
  bool shortage_over = false;
  bool operator==(const TaskStatus&) const = default;
};

// How a process's state became known.
enum class Origin : std::uint8_t {
  Recorded,         // the coordinator or the runner saw it happen
  FoundAtResume,    // it happened while no runner lived; a resume read the coordinator's stream
  CoordinatorGone,  // the coordinator vanished without a terminal record
  Reboot,           // the machine restarted while it ran
  Repaired,         // fsck --repair wrote it
  Ordered,          // an order ended the run: KILLED, whatever its exit status
  EndedByRunner,    // the runner ended the run (Verb::Fail): FAILED, whatever its exit status
  // The run ended in another task, whose id is in `reason`; this task took over its success when it
  // began.
  TakenOver,
  NodeGone,  // the node that the run was on, or was to be on, is gone
};
inline constexpr std::size_t kOrigins = 9;
std::string_view name_of(Origin origin);

// Whether a run that ended with this state and origin was ended by an order: a user's, or that of a
// task that yields.
constexpr bool ended_by_order(ProcessState state, Origin origin) {
  return state == ProcessState::Killed && origin == Origin::Ordered;
}

// One transition of one process. Coordinators write FORKED and the transitions after it; they write
// LOST when the machine lacked what the shell's process needs. The runner writes WAITING, LOST,
// FAILED for a process that could not be launched, and copies of the coordinators' records.
struct ProcessStatus {
  // Borrowed from the decoded bytes, the task, or the history, and valid as long as those.
  std::string_view process;
  std::uint64_t seq = 0;  // rises by one with each transition, over all runs of this process
  std::uint32_t run = 0;  // 0 is the first
  ProcessState state = ProcessState::Waiting;
  Origin origin = Origin::Recorded;
  // FORKED: the coordinator. RUNNING: the process itself. Otherwise zero.
  Identity identity;
  // FORKED: the boot in which the coordinator runs. A terminal state that the runner wrote: the
  // boot in which `at.boot` counts.
  BootId boot;
  // WAITING: when the run was decided; FORKED: fork_time; RUNNING: start_time; terminal: stop_time.
  Timestamp at;
  // Terminal states: the exit code, or minus the signal number; nullopt when unknown.
  std::optional<std::int32_t> return_code;
  std::string_view reason;  // for people, why it failed or was lost; may be empty. Borrowed
  // In the runner's record of an end, if the process has a backoff: the number of failures in a row
  // that its next wait counts, this end included. See failures_in_row().
  std::uint32_t failures = 0;
  // Set in the record of an end that a coordinator wrote, and in the runner's copy of it.
  Usage usage;
  bool operator==(const ProcessStatus&) const = default;
};

// How often a process ran and how it ended, over all its runs.
struct RunTotals {
  std::uint64_t success = 0;
  std::uint64_t failed = 0;
  std::uint64_t killed = 0;
  std::uint64_t lost = 0;
  std::uint64_t ordered = 0;  // of the killed ones, those that an order ended
  std::uint64_t all() const { return success + failed + killed + lost; }
  bool operator==(const RunTotals&) const = default;
};

// The past runs of a process that no longer count, because an order revived it or a Replacement
// redefined it: how many they are, and how many of them FAILED, were KILLED but not by an order,
// and were a SUCCESS.
struct Forgiven {
  std::uint32_t runs = 0;
  std::uint64_t failed = 0;
  std::uint64_t killed = 0;
  std::uint64_t success = 0;
  bool operator==(const Forgiven&) const = default;
};

// Replaces the records of runs that compaction dropped: all runs up to and including number
// `next_run` - 1. The records of the kept runs follow it.
struct ProcessSummary {
  std::string_view process;    // borrowed
  std::uint64_t next_seq = 0;  // the sequence number that the next record of this process has
  std::uint32_t next_run = 0;  // the run number that the next WAITING starts
  RunTotals totals;            // of the runs that were dropped
  std::optional<std::uint32_t> first_failed;  // the first run that FAILED, if it was dropped
  Timestamp last_end;                         // the latest end, also if that run is kept
  BootId boot;                                // the boot that last_end.boot counts in
  bool started = false;                       // a run, dropped or kept, has been RUNNING
  std::uint32_t failures = 0;                 // ProcessStatus::failures of that end
  bool was_ready = false;                     // a run, dropped or kept, has been ready
  Forgiven forgiven;  // if the process was revived or redefined before `next_run`
  // The first run under the latest definition, if that run was dropped or is `next_run`.
  std::uint32_t redefined = 0;
  UsageTotals used;  // by the runs that were dropped; the peak is that of all runs
  bool operator==(const ProcessSummary&) const = default;
};

// An order for one process. While the task is active, a user may give one. The runner's own orders
// are Fail, Restart when the task yields, and Start when a run that it should have ended never
// began.
enum class Verb : std::uint8_t {
  Start,    // run it (again) as soon as the plan allows, without waiting for min_duration
  Stop,     // end its run, and do not run it again until it is started
  Restart,  // end its run, and continue like Start
  // End its run, which then counts as FAILED for the reason of this order. Fail has no effect on a
  // run that is already ending. Users can't give it: the runner records it before it ends a run
  // that the configuration does not allow to go on.
  Fail,
};
inline constexpr std::size_t kVerbs = 4;
inline constexpr std::size_t kUserVerbs = 3;  // the verbs that a user can give come first
std::string_view name_of(Verb verb);

struct ProcessOrder {
  std::string_view process;  // borrowed
  Verb verb = Verb::Start;
  Timestamp at;
  Timestamp deadline;       // all but Start: when SIGKILL follows the stop signal
  std::string_view reason;  // for people: who asked, or why (Fail); may be empty. Borrowed
  // Start and Restart: the process had failed for good. Its failures and kills are counted from
  // here.
  bool revives = false;
  // Start: a Replacement redefined the process at this point. Only compaction writes this.
  bool redefines = false;
  // Restart: the run ends because the task yields (Leadership::yields). If the run still ends as
  // SUCCESS, it counts as SUCCESS.
  bool yields = false;
  bool operator==(const ProcessOrder&) const = default;
};

// The kinds of facts about a run under way that are no transitions.
enum class ReportKind : std::uint8_t {
  Ready,      // the run is ready; reported once for each run
  Unhealthy,  // its `healthy` check failed
  Healthy,    // its `healthy` check succeeded after it had failed
  // The next four are what the run said of itself (sd_notify(3)). The coordinator's stream has
  // them, too.
  Status,    // STATUS: its text
  Stopping,  // STOPPING=1
  Extended,  // EXTEND_TIMEOUT_USEC: the run's time limits end no earlier than `until`
  // Someone else sent something to the run's socket; the text says who. Reported once for each run.
  Ignored,
  // The text names the node on which the run is launched. The report follows WAITING and precedes
  // any launch. A run without it is launched on the leader's own machine.
  Placed,
};
inline constexpr std::size_t kReportKinds = 8;
std::string_view name_of(ReportKind kind);

struct ProcessReport {
  std::string_view process;  // borrowed
  std::uint32_t run = 0;
  ReportKind kind = ReportKind::Ready;
  Timestamp at;
  std::string_view text;   // for people: who or what reported it, or why; may be empty. Borrowed
  Microseconds until = 0;  // of Extended, by the boot clock
  bool operator==(const ProcessReport&) const = default;
};

// Another configuration replaced that of an active task. No run of a `changed` or `added` process
// is under way, but one may be WAITING. Earlier runs of these processes no longer count: the
// processes run as if they had never run before.
struct Replacement {
  std::uint32_t generation = 0;  // 1 is the first
  Timestamp at;
  std::string reason;  // for people: who asked; may be empty
  std::vector<std::string> changed;
  std::vector<std::string> added;
  std::vector<std::string> removed;
  bool operator==(const Replacement&) const = default;
};

// Where a task is led from, as far as its leader knows: the machine, and the engine (the batch
// system) that allocated it. A leader writes this record if neither the header nor the latest
// Leadership says the same already, and when it yields.
struct Leadership {
  Timestamp at;
  BootId boot;
  std::string hostname;        // the machine's own name
  std::string engine;          // "slurm", "sge", ...; empty: none is known
  std::string job;             // the engine's id of the job
  std::uint32_t restarts = 0;  // how often the engine has started this job again
  Microseconds until = 0;  // wall time at which the allocation of the machine ends; 0: not known
  // The leader's number. A leader with nodes takes a higher number than every leader before it; a
  // leader without nodes keeps the number of the one before. 0: no leader has had nodes.
  std::uint64_t lead = 0;
  // The leader gives the task up for now: the runs under way are ended, and the next leader goes
  // on.
  bool yields = false;
  // For people: why the leader yields, or what it decided about the leader before it and the runs
  // of that leader.
  std::string decision;
  bool operator==(const Leadership&) const = default;
};

// A node was reported gone, or is there again. The runs on a node that is gone are LOST, and their
// processes may run elsewhere. Before anything starts on a node that is there again, what still
// runs of the task there is ended.
struct NodeChange {
  std::string node;
  bool gone = false;
  Timestamp at;
  std::string reason;  // for people: who reported it; may be empty
  bool operator==(const NodeChange&) const = default;
};

using Record = std::variant<RunnerHeader, TaskStatus, ProcessStatus, ProcessSummary, ProcessOrder,
                            ProcessReport, Replacement, Leadership, NodeChange>;

}  // namespace thermos
