#include "core/explain/chronicle.h"

#include <algorithm>
#include <utility>

namespace thermos {

// A record carries the time of what it tells, which may be long before it was written: a run's end
// may be read a day later. The records of one process, and those of the task, come in the order of
// their times, unless the clock was put back; so after the first record that is left out, all
// others of the same process, or of the task, are left out, too.
bool Chronicle::leaves_out(const Record& record) {
  if (!until_) return false;
  if (const auto* task = std::get_if<TaskStatus>(&record)) {
    task_closed_ = task_closed_ || task->at.wall > *until_;
    return task_closed_;
  }
  if (const auto* process = std::get_if<ProcessStatus>(&record)) {
    if (process->at.wall > *until_) closed_.emplace(process->process);
    return closed_.contains(process->process);
  }
  if (const auto* order = std::get_if<ProcessOrder>(&record)) {
    return order->at.wall > *until_ || closed_.contains(order->process) ||
           forgotten(order->process);
  }
  if (const auto* report = std::get_if<ProcessReport>(&record)) {
    return report->at.wall > *until_ || closed_.contains(report->process);
  }
  if (const auto* replacement = std::get_if<Replacement>(&record)) {
    const bool later = replaced_later_ || replacement->at.wall > *until_;
    if (later && !replaced_later_) replaced_later_ = replacement->at.wall;
    return later;
  }
  if (const auto* place = std::get_if<Leadership>(&record)) return place->at.wall > *until_;
  if (const auto* change = std::get_if<NodeChange>(&record)) return change->at.wall > *until_;
  return false;
}

// A summary tells when the latest of all runs ended, which may be long after the runs that it
// stands for. Those had ended when the first run that is kept began; its WAITING is the next
// record.
bool Chronicle::puts_off(const ProcessSummary& summary) {
  if (!until_ || summary.last_end.wall <= *until_) return false;
  summaries_.emplace(summary.process, summary);
  return true;
}

Status Chronicle::take_summary(const ProcessStatus& next) {
  const auto found = summaries_.find(next.process);
  if (found == summaries_.end()) return Done{};
  ProcessSummary summary = found->second;
  summary.process = next.process;
  summary.last_end = next.at;  // at the latest
  summaries_.erase(found);
  const auto applied = history_.apply(summary);
  return applied ? Status(Done{}) : Status(applied.error());
}

Status Chronicle::take(const Record& record) {
  if (leaves_out(record)) return Done{};
  if (const auto* summary = std::get_if<ProcessSummary>(&record)) {
    if (puts_off(*summary)) return Done{};
  } else if (const auto* next = std::get_if<ProcessStatus>(&record)) {
    if (Status taken = take_summary(*next); !taken) return taken;
  }
  const bool was_active = history_.state() == TaskState::Active;
  const auto applied = history_.apply(record);
  if (!applied) return applied.error();
  if (was_active && history_.state() != TaskState::Active) note_end();
  if (const auto* order = std::get_if<ProcessOrder>(&record)) {
    if (order->verb == Verb::Fail || order->redefines) return Done{};
    Order& known = orders_[std::string(order->process)].emplace_back();
    known.verb = order->verb;
    known.at = order->at.wall;
    known.reason = order->reason;
    known.yields = order->yields;
    const ProcessHistory& process = history_.process(*history_.find(order->process));
    if (process.live()) known.run = process.current()->number;
  } else if (const auto* report = std::get_if<ProcessReport>(&record)) {
    if (report->kind == ReportKind::Unhealthy) {
      refusals_[std::string(report->process)] = {report->at.wall, std::string(report->text)};
    }
  }
  return Done{};
}

void Chronicle::note_end() {
  std::uint64_t runs = 0;
  for (const ProcessHistory& process : history_.processes()) {
    ended_runs_.push_back(process.next_run - (process.live() ? 1 : 0));
    runs += process.next_run;
  }
  if (runs == 0) ended_runs_.clear();
}

bool Chronicle::ended_with_task(const ProcessHistory& process, const Run& run) const {
  const std::vector<TaskStep>& steps = history_.steps();
  const auto began = std::find_if(steps.begin(), steps.end(), [](const TaskStep& step) {
    return step.status.state != TaskState::Active;
  });
  if (began == steps.end()) return false;
  if (!run.stopped) return true;
  if (ended_runs_.empty()) return run.stopped->wall > began->status.at.wall;
  const std::size_t index = *history_.find(process.name);
  return index >= ended_runs_.size() || run.number >= ended_runs_[index];
}

Chronicle Chronicle::of(History history) {
  Chronicle chronicle;
  chronicle.history_ = std::move(history);
  return chronicle;
}

const std::vector<Chronicle::Order>& Chronicle::orders(std::string_view process) const {
  static const std::vector<Order> none;
  const auto found = orders_.find(process);
  return found == orders_.end() ? none : found->second;
}

const Chronicle::Refusal* Chronicle::refusal(std::string_view process) const {
  const auto found = refusals_.find(process);
  return found == refusals_.end() ? nullptr : &found->second;
}

}  // namespace thermos
