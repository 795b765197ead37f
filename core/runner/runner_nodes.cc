// A task whose runs are launched on nodes: each run is placed before it is launched, and its place
// is on record before anything acts on it.
#include <algorithm>
#include <string>

#include "core/runner/order.h"
#include "core/runner/runner.h"

namespace thermos {

void Runner::restore_places() {
  placement_.use(self_.nodes);
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    const Run* run = past(p).current();
    if (run == nullptr || !run->node) continue;
    if (!history_.is_gone(*run->node)) placement_.restore(p, *run->node, past(p).live());
  }
}

// Restores where a run was placed, which a power cut can take, as it can take its WAITING.
void Runner::restore_place(ProcessIndex p, std::string_view node) {
  if (!past(p).live() || past(p).current()->node) return;
  if (past(p).current()->state != ProcessState::Waiting) return;
  placement_.withdraw(p);
  append(ProcessReport{task_.processes[p].name, past(p).current()->number, ReportKind::Placed, now_,
                       keep(node), 0},
         false);
  placement_.restore(p, node, true);
}

// A run that was placed keeps its node: whatever came of an earlier launch is there. If that launch
// was called off, the run has given its room back, and takes it again.
void Runner::launch(ProcessIndex p) {
  const Run& run = *past(p).current();
  if (placement_.active() && !run.node) return placement_.ask(p);
  if (run.node) placement_.restore(p, *run.node, true);
  effects_.emplace_back(StartProcess{p, run.number, run.seq + 1, goal_});
}

// The place is on the disk before the launch: a leader that has lost it to a power cut would launch
// the same run on another node. That costs no sync of its own if the end of a run made the room.
void Runner::place() {
  while (const auto placed = placement_.next()) {
    const ProcessIndex p = placed->process;
    const Run& run = *past(p).current();
    append(ProcessReport{task_.processes[p].name, run.number, ReportKind::Placed, now_,
                         keep(placed->node), 0},
           true);
    effects_.emplace_back(StartProcess{p, run.number, run.seq + 1, goal_});
  }
}

// Cancels a run that has no place yet. Returns whether it did: then no coordinator has to be told.
bool Runner::call_off_unplaced(ProcessIndex p) {
  if (!placement_.withdraw(p)) return false;
  cancel(p);
  return true;
}

// Returns whether the live run of `p` is on the node, also if its launch was called off: it would
// go on there.
bool Runner::is_on(ProcessIndex p, std::string_view node) const {
  if (!past(p).live()) return false;
  const Rare<std::string>& place = past(p).current()->node;
  return place && *place == node;
}

void Runner::on(const NodeUp& event) {
  if (history_.is_gone(event.node)) append(NodeChange{event.node, false, now_, {}}, true);
  placement_.up(event.node, event.room);
  // A signal that was sent while the node could not be reached has not arrived.
  for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
    if (!is_on(p, event.node)) continue;
    const std::uint32_t run = past(p).current()->number;
    if (launches_.of(p).state() == LaunchState::Terminating) {
      effects_.emplace_back(Terminate{p, run, signal_to_end(p)});
      if (untold_.erase(p) != 0) give_time_to_end(p);
    } else if (launches_.of(p).state() == LaunchState::Killing) {
      effects_.emplace_back(Kill{p, run});
    } else if (launches_.of(p).state() == LaunchState::Sweeping) {
      effects_.emplace_back(Sweep{p, run});
    }
  }
}

bool Runner::is_out_of_reach(ProcessIndex p) const {
  const Rare<std::string>& place = past(p).current()->node;
  return place && !placement_.is_up(*place);
}

// The run hears only now that it is to end, so its time to end begins now.
void Runner::give_time_to_end(ProcessIndex p) {
  const auto time = kill_time(p);
  if (!time) return;
  const auto& ending = past(p).ending;
  const Microseconds wait = ending
                                ? std::max<Microseconds>(0, ending->deadline.boot - ending->at.boot)
                                : stop_wait_of(task_, p);
  launches_.kill_at(p, std::max(*time, add_saturated(now_.boot, wait)));
}

void Runner::on(const NodeDown& event) {
  placement_.down(event.node);
}

// The NodeChange is recorded first: a run that was perhaps launched there may never be launched
// elsewhere under the same number, by the next leader either. The next leader calls the runs LOST
// that are not on record as such yet.
void Runner::on(const NodeGone& event) {
  append(NodeChange{event.node, true, now_, event.reason}, true);
  take_held_back(kAll);
  const std::string why = "node " + event.node + " is gone" +
                          (event.reason.empty() ? std::string() : ": " + event.reason);
  placement_.gone(event.node);
  for (ProcessIndex p = 0; p < task_.processes.size() && !error_; ++p) {
    if (!is_on(p, event.node)) continue;
    if (!launches_.is_live(p)) plan_of(p).set_running(p);
    append_process(p, ProcessState::Lost, Origin::NodeGone, keep(why));
    if (!error_) ended(p);
  }
}

}  // namespace thermos
