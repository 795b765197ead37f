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
// time (field 22 of /proc/PID/stat, in clock ticks, proc(5)). ticks 0: not known.
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
  // The output of so many latest runs of each process is kept, and that of its first failed run; 0:
  // of all runs.
  std::uint32_t keep_logs = kDefaultKeepLogs;
  // The id of the ended task that this one goes on from: it may have taken over successes of that
  // one. Empty: it goes on from none.
  std::string continues{};
  // The traceparent (W3C Trace Context) that was around the task; empty: none, or no valid one.
  std::string trace_parent{};
  bool operator==(const RunnerHeader&) const = default;
};

// What a machine has too little of for a launch, for now.
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
  // Not None: the state is as before, and the launches of this task wait because the machine is
  // short of this, or (`shortage_over`) do so no more.
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
  // It did not happen in this task, but in the one that `reason` has the id of, whose success this
  // task took over when it began.
  TakenOver,
  NodeGone,  // the node that it ran on, or was to run on, is gone
};
inline constexpr std::size_t kOrigins = 9;
std::string_view name_of(Origin origin);

// Whether a run that ended so was ended by a user's order.
constexpr bool ended_by_order(ProcessState state, Origin origin) {
  return state == ProcessState::Killed && origin == Origin::Ordered;
}

// One transition of one process. Coordinators write FORKED and the transitions after it; they write
// LOST when the machine had no process for the shell. The runner writes WAITING, LOST, FAILED for a
// process that could not be launched, and copies of the coordinators' records.
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
  // In the runner's record of an end, if the process has a backoff: how many failures in a row its
  // next wait counts, this end included. See failures_in_row().
  std::uint32_t failures = 0;
  // In the record of an end that the coordinator wrote.
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

// The past runs of a process that no longer count, because an order revived it or its definition
// was replaced: how many they are, and how many of them FAILED, were KILLED but not by an order,
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
  std::optional<std::uint32_t> first_failed;  // the first run that FAILED, if it is among them
  Timestamp last_end;                         // the latest end, be it of a run that is kept
  BootId boot;                                // the boot that last_end.boot counts in
  bool started = false;                       // a run has been RUNNING: one of them, or a later one
  std::uint32_t failures = 0;                 // ProcessStatus::failures of that end
  bool was_ready = false;                     // one of them was ready
  Forgiven forgiven;                          // if it was revived before the next run
  std::uint32_t redefined = 0;  // its first run under its latest definition, if that is one of them
  UsageTotals used;             // by the runs that were dropped; the peak is that of all runs
  bool operator==(const ProcessSummary&) const = default;
};

// An order for one process: a user's, while the task is active, or the runner's own (Fail).
enum class Verb : std::uint8_t {
  Start,    // run it (again) as soon as the plan allows, without waiting for min_duration
  Stop,     // end its run, and do not run it again until it is started
  Restart,  // end its run, and continue like Start
  // End its run, which counts as FAILED for the reason of this order. It has no effect on a run
  // that is ending already. No user gives it: it is on record before the runner ends a run that
  // its configuration does not allow to go on.
  Fail,
};
inline constexpr std::size_t kVerbs = 4;
inline constexpr std::size_t kUserVerbs = 3;  // the verbs that a user can give come first
std::string_view name_of(Verb verb);

struct ProcessOrder {
  std::string_view process;  // borrowed
  Verb verb = Verb::Start;
  Timestamp at;
  Timestamp deadline;       // all but Start: when SIGKILL follows SIGTERM
  std::string_view reason;  // for people: who asked, or why (Fail); may be empty. Borrowed
  // Start and Restart: the process had failed for good. Its failures and kills count from here.
  bool revives = false;
  // Start, and only compaction writes it: here a Replacement defined the process anew.
  bool redefines = false;
  // Restart: the task yields (Leadership::yields). A run that ends as a SUCCESS all the same is
  // one.
  bool yields = false;
  bool operator==(const ProcessOrder&) const = default;
};

// What became known of a run while it is under way, beside its transitions.
enum class ReportKind : std::uint8_t {
  Ready,      // its `ready` said yes, once for each run
  Unhealthy,  // its `healthy` said no
  Healthy,    // its `healthy` said yes, after it had said no
  // What it said of itself (sd_notify(3)); in its coordinator's stream, too.
  Status,    // STATUS: its text
  Stopping,  // STOPPING=1
  Extended,  // EXTEND_TIMEOUT_USEC: its limits are not over before `until`
  Ignored,   // something else sent to its socket; the text says who. Once for each run
  // The text names the node on which the run is launched. It comes behind WAITING and before any
  // launch; a run without it is of the leader's own machine.
  Placed,
};
inline constexpr std::size_t kReportKinds = 8;
std::string_view name_of(ReportKind kind);

struct ProcessReport {
  std::string_view process;  // borrowed
  std::uint32_t run = 0;
  ReportKind kind = ReportKind::Ready;
  Timestamp at;
  std::string_view text;   // what said so, or why, for people; may be empty. Borrowed
  Microseconds until = 0;  // of Extended, by the boot clock
  bool operator==(const ProcessReport&) const = default;
};

// The configuration of an active task was replaced by another one. The processes it names are not
// under way. What ran of those that changed counts no more: they run as if they never had.
struct Replacement {
  std::uint32_t generation = 0;  // 1 is the first
  Timestamp at;
  std::string reason;  // for people: who asked; may be empty
  std::vector<std::string> changed;
  std::vector<std::string> added;
  std::vector<std::string> removed;
  bool operator==(const Replacement&) const = default;
};

// Where a task is led from, by what its leader can know: the machine, and the engine that gave it.
// A leader writes it down where the header does not say it already, or when it yields.
struct Leadership {
  Timestamp at;
  BootId boot;
  std::string hostname;        // the machine's own name
  std::string engine;          // "slurm", "sge", ...; empty: none is known
  std::string job;             // the engine's id of the job
  std::uint32_t restarts = 0;  // how often the engine has started this job again
  Microseconds until = 0;      // wall time: the machine is ours until then; 0: not known
  // The leader's number, which is higher than that of every leader before that led the task over
  // nodes; 0: none has.
  std::uint64_t lead = 0;
  // It gives the task up for now, whose runs under way are ended: the next leader goes on.
  bool yields = false;
  // For people: why it yields, or what was decided about the leader before and its runs.
  std::string decision;
  bool operator==(const Leadership&) const = default;
};

// A node was called gone, or is there again. What ran on one that is gone is LOST, and may run
// elsewhere; before anything starts there again, what still runs there is ended.
struct NodeChange {
  std::string node;
  bool gone = false;
  Timestamp at;
  std::string reason;  // for people: who says so; may be empty
  bool operator==(const NodeChange&) const = default;
};

using Record = std::variant<RunnerHeader, TaskStatus, ProcessStatus, ProcessSummary, ProcessOrder,
                            ProcessReport, Replacement, Leadership, NodeChange>;

}  // namespace thermos
