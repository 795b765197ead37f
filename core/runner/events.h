// The events of a task's state machine. They come from coordinators, from the shell that carries
// out its effects, and from users. See Runner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/record/record.h"
#include "core/runner/placement.h"
#include "core/runner/requests.h"
#include "core/task/graph.h"
#include "core/task/probe_question.h"
#include "core/task/task.h"

namespace thermos {

// This runner takes the lead. It is the first event, and comes once. `header` is used for a new
// task. After it and before any other event, the shell sends for each process that is live in the
// history the records of its stream that the history lacks (CoordinatorRecord) and, if nobody holds
// its lock, CoordinatorGone.
struct Lead {
  RunnerHeader header;
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
  BootId boot;
  // Set if the runner has another configuration than the stream tells of: this is recorded first.
  std::optional<Replacement> replacement{};
  // Whether this leader led the task with the configuration before: then the lead is not recorded.
  bool leads_already = false;
  // Where the task is led from; the runner fills in `at` and `boot`. With nodes, `lead` is the
  // number of this leader (node_claim_rule.h).
  Leadership place{};
  // The reason recorded for runs of another boot id, which are LOST; empty: the machine restarted.
  std::string elsewhere{};
  // The machines that the task runs on, in the order in which they are tried; empty: this machine.
  std::vector<std::string> nodes{};
  // How long, in microseconds, the runner holds back the end of a run that did not succeed: an
  // engine that ends everything may signal the runs before it signals the runner. 0: not at all.
  Microseconds hold = 0;
};

// A coordinator wrote this record. A repeated record is ignored.
struct CoordinatorRecord {
  ProcessIndex process = 0;
  ProcessStatus status;
  std::string_view node{};  // the coordinator's node; borrowed. Empty: this machine
};

// A coordinator wrote what its process said of itself. A repeated report is ignored.
struct CoordinatorReport {
  ProcessIndex process = 0;
  ProcessReport report;
};

// The coordinator of this run is dead, and its stream was read to the end.
struct CoordinatorGone {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  bool rebooted = false;  // it ran under another boot id, so there is nothing to sweep
};

// Answers Sweep: no process that the dead coordinator left is alive.
struct Swept {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
};

// A launch failed, and no process was started. `retry`: the machine is short of something (pids,
// memory, descriptors), and the launch is tried again; otherwise the process is FAILED with
// `reason`.
struct LaunchFailed {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  bool retry = false;
  std::string reason;
};

// Answers Terminate or Kill: the shell cancelled a launch that had started no process yet.
struct LaunchCancelled {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
};

// Answers Probe, once.
struct ProbeAnswered {
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  bool yes = false;
  std::string text;  // who said yes, or why the answer is no; for people
  Purpose purpose = Purpose::Ready;
};

// Launches of this task wait because the machine is short of `shortage`, or (`over`) no longer
// wait.
struct ShortageChanged {
  Shortage shortage = Shortage::Other;
  bool over = false;
  std::string reason;  // for people: what could not be done
};

// The time of SetTimer has come. An early or repeated event is harmless.
struct TimerDue {};

// The coordinators of this node can be reached: runs may be launched there. The node's server knows
// again which runs are under way there; the runner knows each of them by its records, or will learn
// of it by later events. On a node that was called gone nothing runs any more.
struct NodeUp {
  std::string node;
  Room room;
};

// The coordinators of this node can't be reached for now; the runs there go on.
struct NodeDown {
  std::string node;
};

// The node is gone, and its runs with it. `reason`: who says so, for people.
struct NodeGone {
  std::string node;
  std::string reason;
};

// A process of this task may have its turn at the daemon's pools. A needless event is harmless.
struct PoolTurn {};

// Besides these, the requests of users (requests.h). An order that may_order() refuses has no
// effect.
using Event =
    std::variant<Lead, CoordinatorRecord, CoordinatorGone, Swept, LaunchFailed, LaunchCancelled,
                 CoordinatorReport, ShortageChanged, ProbeAnswered, TimerDue, PoolTurn, KillRequest,
                 OrderRequest, YieldRequest, NodeUp, NodeDown, NodeGone>;

}  // namespace thermos
