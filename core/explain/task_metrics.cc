#include "core/explain/task_metrics.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/explain/ending.h"
#include "core/record/state.h"

namespace thermos {
namespace {

constexpr Microseconds kMilli = 1000;
constexpr std::array<Microseconds, 13> kLaunchBounds = {
    1 * kMilli,   2500,         5 * kMilli,  10 * kMilli,   25 * kMilli, 50 * kMilli, 100 * kMilli,
    250 * kMilli, 500 * kMilli, 1 * kSecond, 2500 * kMilli, 5 * kSecond, 10 * kSecond};
constexpr std::array<Microseconds, 12> kRunBounds = {
    10 * kMilli,    100 * kMilli,    kSecond,         5 * kSecond,
    15 * kSecond,   60 * kSecond,    300 * kSecond,   900 * kSecond,
    3600 * kSecond, 14400 * kSecond, 43200 * kSecond, 86400 * kSecond};

constexpr std::array<ProcessState, 4> kEnds = {ProcessState::Success, ProcessState::Failed,
                                               ProcessState::Killed, ProcessState::Lost};

std::size_t at(ProcessState state) {
  return static_cast<std::size_t>(state);
}

// "success", "ended_by_the_runner".
std::string label_of(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c == ' ') c = '_';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

template <typename State>
std::string label_of(State state) {
  return label_of(name_of(state));
}

std::uint64_t total_of(const RunTotals& totals, ProcessState state) {
  switch (state) {
    case ProcessState::Success:
      return totals.success;
    case ProcessState::Failed:
      return totals.failed;
    case ProcessState::Killed:
      return totals.killed;
    default:
      return totals.lost;
  }
}

// Uses the boot clock, which nobody sets; but a task of Apache Thermos has only wall times.
Microseconds between(const Timestamp& from, const Timestamp& to) {
  return from.boot != 0 && to.boot != 0 ? to.boot - from.boot : to.wall - from.wall;
}

// Returns the time from the launch to the end, by the boot clock, which nobody sets, if both were
// in one boot.
Microseconds took(const History& history) {
  const TaskStatus& first = history.steps().front().status;
  const TaskStatus& last = history.steps().back().status;
  if (first.boot == last.boot && first.at.boot != 0) return last.at.boot - first.at.boot;
  return last.at.wall - history.header()->launch_time;
}

}  // namespace

TaskMetrics::TaskMetrics() : lasted_(kRunBounds), launched_(kLaunchBounds) {}

void TaskMetrics::add_runs(const ProcessHistory& process) {
  used_.add(process.used);
  std::array<std::uint64_t, kProcessStates> kept{};
  for (const Run& run : process.runs) {
    if (!run.taken_over_from().empty()) {  // it counts for the task that ran it
      ++kept[at(run.state)];
      continue;
    }
    if (run.started) launched_.observe(between(run.waiting, *run.started));
    if (!is_terminal(run.state)) continue;
    ++kept[at(run.state)];
    ++runs_[at(run.state)][static_cast<std::size_t>(run.origin)];
    if (kind_of_end(run) == CauseKind::Memory) ++out_of_memory_;
    // After a reboot the end counts in another boot, so it is not known how long the run took.
    const bool known = run.started && run.stopped && run.origin != Origin::Reboot;
    if (known) lasted_.observe(between(*run.started, *run.stopped));
  }
  for (const ProcessState end : kEnds) {
    dropped_[at(end)] += total_of(process.totals, end) - kept[at(end)];
  }
}

void TaskMetrics::add(std::string_view name, const History& history, std::size_t not_started) {
  const TaskState state = history.state();
  ++tasks_[static_cast<std::size_t>(state)];
  processes_[at(ProcessState::Waiting)] += not_started;
  for (const ProcessHistory& process : history.processes()) {
    add_runs(process);
    const Run* run = process.current();
    if (!is_terminal(state) && run != nullptr && !process.removed) ++processes_[at(run->state)];
  }
  if (name.empty() || !is_terminal(state) || !history.header()) return;
  auto known = named_.find(name);
  if (known == named_.end()) known = named_.emplace(std::string(name), Named()).first;
  Named& named = known->second;
  const Microseconds ended = history.steps().back().status.at.wall;
  if (ended >= named.ended) {
    named.ended = ended;
    named.took = took(history);
    named.used = {};
    for (const ProcessHistory& process : history.processes()) named.used.add(process.used);
  }
  if (state == TaskState::Success) named.succeeded = std::max(ended, named.succeeded.value_or(0));
}

std::size_t TaskMetrics::left_out() const {
  return named_.size() - std::min(named_.size(), kMostNames);
}

void TaskMetrics::write_runs(MetricsText& out) const {
  out.family("thermos_runs_total", MetricType::Counter,
             "Runs that ended, by their result and by who knew of their end.");
  for (const ProcessState end : kEnds) {
    const std::string result = label_of(end);
    for (std::size_t origin = 0; origin < kOrigins; ++origin) {
      const std::uint64_t count = runs_[at(end)][origin];
      if (count == 0 && origin != 0) continue;
      const std::string by = label_of(static_cast<Origin>(origin));
      out.sample({{"result", result}, {"origin", by}}, count);
    }
    if (dropped_[at(end)] == 0) continue;
    out.sample({{"result", result}, {"origin", "compacted"}}, dropped_[at(end)]);
  }
  out.family("thermos_run_duration_seconds", MetricType::Histogram,
             "How long runs took, from their command's start to its end.");
  out.histogram(lasted_);
  out.family("thermos_launch_seconds", MetricType::Histogram,
             "From the decision to run a process to the start of its command.");
  out.histogram(launched_);
  out.family("thermos_oom_kills_total", MetricType::Counter,
             "Runs that the kernel ended because there was no memory.");
  out.sample({}, out_of_memory_);
}

void TaskMetrics::write_usage(MetricsText& out) const {
  out.family("thermos_run_cpu_seconds_total", MetricType::Counter,
             "CPU time of the runs that ended, where it is on record.");
  out.seconds({{"mode", "user"}}, static_cast<Microseconds>(used_.user));
  out.seconds({{"mode", "system"}}, static_cast<Microseconds>(used_.system));
}

void TaskMetrics::write_named(MetricsText& out) const {
  using Entry = decltype(named_)::value_type;
  std::vector<const Entry*> named;
  named.reserve(named_.size());
  for (const Entry& one : named_) named.push_back(&one);
  if (named.size() > kMostNames) {
    std::stable_sort(named.begin(), named.end(), [](const Entry* a, const Entry* b) {
      return a->second.ended > b->second.ended;
    });
    named.resize(kMostNames);
    std::sort(named.begin(), named.end(),
              [](const Entry* a, const Entry* b) { return a->first < b->first; });
  }
  out.family("thermos_last_success_timestamp_seconds", MetricType::Gauge,
             "When a task of that name last ended as a success, since the epoch.");
  for (const Entry* one : named) {
    if (one->second.succeeded) out.seconds({{"task", one->first}}, *one->second.succeeded);
  }
  out.family("thermos_task_duration_seconds", MetricType::Gauge,
             "How long the task of that name took that ended last.");
  for (const Entry* one : named) {
    out.seconds({{"task", one->first}}, std::max<Microseconds>(0, one->second.took));
  }
  out.family("thermos_task_cpu_seconds", MetricType::Gauge, "CPU time of all runs of that task.");
  for (const Entry* one : named) {
    const UsageTotals& used = one->second.used;
    if (!used.known()) continue;
    out.seconds({{"task", one->first}}, static_cast<Microseconds>(used.user + used.system));
  }
  out.family("thermos_task_peak_memory_bytes", MetricType::Gauge,
             "Resident memory of its largest process at its largest.");
  for (const Entry* one : named) {
    if (one->second.used.peak == 0) continue;
    out.sample({{"task", one->first}}, one->second.used.peak);
  }
}

void TaskMetrics::write(MetricsText& out) const {
  out.family("thermos_tasks", MetricType::Gauge, "Tasks on record, by their state.");
  for (std::size_t i = 0; i < kTaskStates; ++i) {
    out.sample({{"state", label_of(static_cast<TaskState>(i))}}, tasks_[i]);
  }
  out.sample({{"state", "unreadable"}}, unreadable_);
  out.family("thermos_task_ends_total", MetricType::Counter, "Tasks that ended, by their result.");
  for (std::size_t i = 0; i < kTaskStates; ++i) {
    const auto state = static_cast<TaskState>(i);
    if (is_terminal(state)) out.sample({{"state", label_of(state)}}, tasks_[i]);
  }
  out.family("thermos_processes", MetricType::Gauge,
             "Processes of tasks that have not ended, by the state of their latest run.");
  for (std::size_t i = 0; i < kProcessStates; ++i) {
    out.sample({{"state", label_of(static_cast<ProcessState>(i))}}, processes_[i]);
  }
  write_runs(out);
  write_usage(out);
  write_named(out);
}

}  // namespace thermos
