// What a checkpoint stream holds, as plain structs. The Cap'n Proto form is capnp/'s business.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/times.h"
#include "core/record/state.h"
#include "core/task/task.h"

namespace thermos {

// /proc/sys/kernel/random/boot_id. Pids and ticks mean nothing across two of them.
struct BootId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const BootId&) const = default;
};

// A process on this machine, for good: a pid alone is recycled, a pid with its exact start time
// (field 22 of /proc/PID/stat, in clock ticks) is not. ticks 0: not known.
struct Identity {
  std::int32_t pid = 0;
  std::uint64_t ticks = 0;
  bool operator==(const Identity&) const = default;
};

inline constexpr std::uint32_t kDefaultKeepLogs = 100;

// The first record of a runner's stream: where the task runs and as whom. Never repeated.
struct RunnerHeader {
  std::string task_id;
  std::string sandbox;
  std::string log_dir;
  std::string hostname;
  std::string user;
  std::uint32_t uid = 0;
  Microseconds launch_time = 0;  // wall
  std::map<std::string, std::uint16_t> ports;
  bool chroot = false;
  // Of how many of a process's latest runs stdout and stderr are kept (beside those of the first
  // that failed); 0: of all.
  std::uint32_t keep_logs = kDefaultKeepLogs;
  bool operator==(const RunnerHeader&) const = default;
};

// The task changed state, or a runner took the lead in the state the task was already in.
struct TaskStatus {
  TaskState state = TaskState::Active;
  Timestamp at;
  std::int32_t runner_pid = 0;
  std::uint32_t runner_uid = 0;
  BootId boot;
  // Where the task is going, decided when it leaves ACTIVE: SUCCESS, FAILED, KILLED or LOST. Means
  // nothing while ACTIVE.
  TaskState goal = TaskState::Success;
  // From the moment the task left ACTIVE, how long CLEANING and FINALIZING may take together.
  // Means nothing while ACTIVE. `deadline` is that moment plus the allowance, by both clocks.
  Timestamp deadline;
  std::string_view reason;  // for people; may be empty. Borrowed, as ProcessStatus::process is
  bool operator==(const TaskStatus&) const = default;
};

// Where a process's state came from when it is not the ordinary record of its coordinator.
enum class Origin : std::uint8_t {
  Recorded,         // the coordinator or the runner saw it happen
  FoundAtResume,    // happened while no runner lived; taken from the coordinator's stream
  CoordinatorGone,  // the coordinator vanished without a last word
  Reboot,           // the machine restarted under it
  Repaired,         // written by fsck --repair
  Ordered,          // the end of a run that an order ended: KILLED, whatever it made of its SIGTERM
};
inline constexpr std::size_t kOrigins = 6;
std::string_view name_of(Origin origin);

// One transition of one process. Coordinators write FORKED and all after it, LOST among them when
// the machine had no process for the shell; the runner writes WAITING, LOST, a FAILED of what could
// not be launched, and a copy of what coordinators wrote.
struct ProcessStatus {
  // Borrowed: from the decoded bytes, from the task, or from the history. Valid as long as that is.
  std::string_view process;
  std::uint64_t seq = 0;  // rises by one a transition, over all the runs of this process
  std::uint32_t run = 0;  // 0 is the first
  ProcessState state = ProcessState::Waiting;
  Origin origin = Origin::Recorded;
  // FORKED: the coordinator. RUNNING: the process itself. Otherwise zero.
  Identity identity;
  // FORKED: the boot that the coordinator runs in. A terminal state that the runner wrote: the boot
  // that `at` counts in.
  BootId boot;
  // When: WAITING: decided; FORKED: fork_time; RUNNING: start_time; terminal: stop_time.
  Timestamp at;
  // Terminal states: the exit code or minus the signal number; absent when nobody knows.
  std::optional<std::int32_t> return_code;
  std::string_view reason;  // for people, why it failed or was lost; may be empty. Borrowed
  bool operator==(const ProcessStatus&) const = default;
};

// How often a process ran and how it ended, over all its runs.
struct RunTotals {
  std::uint64_t success = 0;
  std::uint64_t failed = 0;
  std::uint64_t killed = 0;
  std::uint64_t lost = 0;
  std::uint64_t all() const { return success + failed + killed + lost; }
  bool operator==(const RunTotals&) const = default;
};

// Stands for runs whose own records were dropped by compaction: everything up to and including
// run number `next_run` - 1. The records of the runs that were kept follow it.
struct ProcessSummary {
  std::string_view process;    // borrowed
  std::uint64_t next_seq = 0;  // the sequence number that the next record of this process has
  std::uint32_t next_run = 0;  // the run number that the next WAITING starts
  RunTotals totals;            // of the runs that were dropped
  std::optional<std::uint32_t> first_failed;  // the first run that FAILED, if it is among them
  Timestamp last_end;                         // the end of the last one dropped
  BootId boot;                                // the boot that last_end.boot counts in
  bool operator==(const ProcessSummary&) const = default;
};

// What someone wants of one process of an active task, whatever its task's plan says.
enum class Verb : std::uint8_t {
  Start,    // run it (again) as soon as the plan allows, without waiting for min_duration
  Stop,     // end its run, and don't run it again until it is started
  Restart,  // end its run, and then as Start
};
inline constexpr std::size_t kVerbs = 3;
std::string_view name_of(Verb verb);

struct ProcessOrder {
  std::string_view process;  // borrowed
  Verb verb = Verb::Start;
  Timestamp at;
  Timestamp deadline;       // Stop and Restart: SIGKILL follows SIGTERM then
  std::string_view reason;  // who asked, for people; may be empty. Borrowed
  bool operator==(const ProcessOrder&) const = default;
};

using Record = std::variant<RunnerHeader, TaskStatus, ProcessStatus, ProcessSummary, ProcessOrder>;

}  // namespace thermos
