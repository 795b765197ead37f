#include "core/explain/trace.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include "core/base/signal.h"
#include "core/explain/ending.h"
#include "core/explain/met_needs.h"

namespace thermos {
namespace {

constexpr std::size_t kMostArrows = 20'000;

double seconds(Microseconds time) {
  return static_cast<double>(time) / static_cast<double>(kSecond);
}

std::string signal_name(std::int32_t return_code) {
  const auto number = static_cast<std::uint8_t>(std::min<std::int32_t>(-return_code, kLastSignal));
  return "SIG" + name_of(SignalNumber{number});
}

// Writes the spans of one task down.
class Tracing {
 public:
  Tracing(const Situation& situation, const RunnerHeader& header)
      : situation_(situation), header_(header), ids_(header) {}
  Trace carry_out() &&;

 private:
  void add_task();
  void end_task();
  void add_process(const ProcessHistory& past, std::optional<ProcessIndex> p);
  void add_wait(const ProcessHistory& past, std::uint32_t run, Microseconds from,
                std::optional<Microseconds> until, std::string_view after);
  std::optional<Microseconds> free_from(ProcessIndex p) const;
  void add_first_wait(ProcessIndex p, const ProcessHistory& past, std::uint32_t run,
                      std::optional<Microseconds> until, Microseconds not_before);
  void add_last_wait(ProcessIndex p, const ProcessHistory& past, Microseconds not_before);
  Microseconds add_run(const ProcessHistory& past, const Run& run, Microseconds not_before);
  SpanResult result_of(const ProcessHistory& past, const Run& run) const;
  void add_arrows();

  const Situation& situation_;
  const RunnerHeader& header_;
  TraceIds ids_;
  Trace trace_;
  std::vector<std::optional<std::size_t>> span_of_;  // of a process, by ProcessIndex
};

// A run that an order or the end of the task ended has not failed.
SpanResult Tracing::result_of(const ProcessHistory& past, const Run& run) const {
  switch (run.state) {
    case ProcessState::Success:
      return SpanResult::Ok;
    case ProcessState::Failed:
    case ProcessState::Lost:
      return SpanResult::Error;
    case ProcessState::Killed:
      return ended_by_order(run.state, run.origin) ||
                     situation_.chronicle().ended_with_task(past, run)
                 ? SpanResult::None
                 : SpanResult::Error;
    default:
      return SpanResult::None;
  }
}

void Tracing::add_task() {
  const std::vector<TaskStep>& steps = situation_.history().steps();
  Span span{SpanKind::Task, ids_.task(), ids_.parent(), situation_.task().name};
  if (span.name.empty()) span.name = header_.task_id;
  span.begin = header_.launch_time;
  span.end = situation_.at();
  span.open = !is_terminal(situation_.state());
  if (!span.open) span.end = steps.back().status.at.wall;
  span.attributes = {{"thermos.task_id", header_.task_id},
                     {"thermos.result", std::string(name_of(situation_.state()))},
                     {"thermos.user", header_.user},
                     {"thermos.sandbox", header_.sandbox},
                     {"thermos.processes", static_cast<std::int64_t>(situation_.size())}};
  if (!span.open) {
    span.result = situation_.state() == TaskState::Success ? SpanResult::Ok : SpanResult::Error;
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].reason.empty() && span.result == SpanResult::Error) {
      span.message = steps[i].reason;
    }
    if (i > 0 && only_takes_lead(steps[i - 1], steps[i])) {
      span.moments.push_back({steps[i].status.at.wall, "another runner took the lead"});
    } else if (i == 0 || steps[i].status.state != steps[i - 1].status.state) {
      span.moments.push_back(
          {steps[i].status.at.wall, std::string(name_of(steps[i].status.state))});
    }
  }
  trace_.spans.push_back(std::move(span));
}

// The wall clock may have been set in between, so the task's span is widened to hold all others.
void Tracing::end_task() {
  Span& task = trace_.spans.front();
  for (const Span& span : trace_.spans) {
    task.begin = std::min(task.begin, span.begin);
    task.end = std::max(task.end, span.end);
  }
  for (Span::Moment& moment : task.moments) {
    moment.at = std::clamp(moment.at, task.begin, task.end);
  }
}

void Tracing::add_wait(const ProcessHistory& past, std::uint32_t run, Microseconds from,
                       std::optional<Microseconds> until, std::string_view after) {
  const Microseconds end = until.value_or(situation_.at());
  if (end - from < kShortestWait) return;
  Span span{SpanKind::Wait, ids_.wait(past.name, run), ids_.process(past.name), past.name, run};
  span.begin = from;
  span.end = end;
  span.open = !until;
  span.attributes = {{"thermos.process", past.name}, {"thermos.run", std::int64_t{run}}};
  if (!after.empty()) span.attributes.emplace_back("thermos.after", std::string(after));
  trace_.spans.push_back(std::move(span));
}

// Returns the time from which only a place or a time can have held the first run back, if it is
// known.
std::optional<Microseconds> Tracing::free_from(ProcessIndex p) const {
  const auto began = stage_began(situation_.history(), situation_.config(p).final);
  const LastMet last = last_met(situation_, p);
  if (!began || (last.need && !last.at)) return std::nullopt;
  return last.at ? std::max(*last.at, *began) : *began;
}

void Tracing::add_first_wait(ProcessIndex p, const ProcessHistory& past, std::uint32_t run,
                             std::optional<Microseconds> until, Microseconds not_before) {
  const auto from = free_from(p);
  if (!from) return;
  const LastMet last = last_met(situation_, p);
  add_wait(past, run, std::max(*from, not_before), until,
           last.need ? situation_.config(last.need->process).name : std::string_view());
}

// Adds the wait that is not over yet, if there is one.
void Tracing::add_last_wait(ProcessIndex p, const ProcessHistory& past, Microseconds not_before) {
  if (!situation_.waits(p) || !situation_.in_stage(p) || situation_.never(p)) return;
  if (situation_.waits_for_needs(p)) return;
  const Run* before = past.current();
  if (before == nullptr || !past.begun()) {
    add_first_wait(p, past, past.next_run, {}, not_before);
  } else if (before->stopped) {
    add_wait(past, past.next_run, std::max(before->stopped->wall, not_before), {}, {});
  }
}

// Adds the span of a run and returns its end. Spans within a process don't overlap, however the
// clock was set.
Microseconds Tracing::add_run(const ProcessHistory& past, const Run& run, Microseconds not_before) {
  Span span{SpanKind::Run, ids_.run(past.name, run.number), ids_.process(past.name), past.name,
            run.number};
  span.begin = std::max(run.waiting.wall, not_before);
  // A launch that was called off stays on record as it was, and is over with the task.
  const bool over = is_terminal(situation_.state());
  span.open = !is_terminal(run.state) && !over;
  const Microseconds last =
      over ? situation_.history().steps().back().status.at.wall : situation_.at();
  span.end = std::max(span.begin, run.stopped ? run.stopped->wall : last);
  span.result = result_of(past, run);
  span.attributes = {{"thermos.process", past.name},
                     {"thermos.run", std::int64_t{run.number}},
                     {"thermos.result", std::string(name_of(run.state))}};
  const auto add = [&span](std::string_view name, Span::Value value) {
    span.attributes.emplace_back(name, std::move(value));
  };
  const auto moment = [&](const std::optional<Timestamp>& at, std::string_view name) {
    if (at) span.moments.push_back({std::clamp(at->wall, span.begin, span.end), std::string(name)});
  };
  if (run.process.pid != 0) add("process.pid", std::int64_t{run.process.pid});
  if (run.return_code && *run.return_code >= 0) {
    add("process.exit.code", std::int64_t{*run.return_code});
  }
  if (run.return_code && *run.return_code < 0) add("thermos.signal", signal_name(*run.return_code));
  if (run.started) add("thermos.launch_seconds", seconds(run.started->boot - run.waiting.boot));
  if (run.origin != Origin::Recorded) add("thermos.origin", std::string(name_of(run.origin)));
  if (!run.reason.empty()) add("thermos.reason", run.reason);
  if (span.result == SpanResult::Error)
    span.message = ending_words(run.return_code, run.reason, {});
  moment(run.forked, "forked");
  moment(run.started, "started");
  moment(run.ready, "ready");
  trace_.spans.push_back(std::move(span));
  return trace_.spans.back().end;
}

void Tracing::add_process(const ProcessHistory& past, std::optional<ProcessIndex> p) {
  const std::size_t place = trace_.spans.size();
  trace_.spans.push_back({SpanKind::Process, ids_.process(past.name), ids_.task(), past.name});
  Microseconds end = 0;
  const Run* before = nullptr;
  for (const Run& run : past.runs) {
    if (!run.taken_over_from().empty()) continue;  // it belongs to another task's trace
    const bool first = run.number == past.redefined;
    if (first && p) {
      add_first_wait(*p, past, run.number, run.waiting.wall, end);
      // The time of a decision is that of its turn, which may have begun before the record was
      // written that led to the decision.
      const auto from = free_from(*p);
      if (from && run.forked && *from <= run.forked->wall) end = std::max(end, *from);
    }
    if (!first && before != nullptr && before->stopped) {
      add_wait(past, run.number, std::max(before->stopped->wall, end), run.waiting.wall, {});
    }
    end = add_run(past, run, end);
    before = &run;
  }
  if (p) add_last_wait(*p, past, end);
  if (trace_.spans.size() == place + 1) {
    trace_.spans.pop_back();
    return;
  }
  Span& span = trace_.spans[place];
  span.open = trace_.spans.back().open;
  span.begin = trace_.spans[place + 1].begin;
  for (std::size_t i = place + 1; i < trace_.spans.size(); ++i) {
    span.begin = std::min(span.begin, trace_.spans[i].begin);
    span.end = std::max(span.end, trace_.spans[i].end);
  }
  span.attributes = {{"thermos.process", past.name},
                     {"thermos.runs", static_cast<std::int64_t>(past.next_run)}};
  if (p && situation_.config(*p).final) span.attributes.emplace_back("thermos.final", true);
  if (p && situation_.config(*p).daemon) span.attributes.emplace_back("thermos.daemon", true);
  if (!past.runs.empty() && past.runs.front().number > 0) {
    span.attributes.emplace_back("thermos.runs_dropped",
                                 static_cast<std::int64_t>(past.runs.front().number));
  }
  if (before != nullptr) {
    span.attributes.emplace_back("thermos.result", std::string(name_of(before->state)));
    if (!span.open) span.result = result_of(past, *before);
    if (span.result == SpanResult::Error) {
      span.message = ending_words(before->return_code, before->reason, {});
    }
  }
  if (p) span_of_[*p] = place;
}

// Adds all arrows while they are few enough to be read; else only those of the need that was met
// last and so let a process run.
void Tracing::add_arrows() {
  std::size_t all = 0;
  for (ProcessIndex p = 0; p < situation_.size(); ++p) all += situation_.needs(p).size();
  const auto add = [&](const Situation::Need& need, ProcessIndex p) {
    const auto from = span_of_[need.process];
    const auto to = span_of_[p];
    const auto at = time_of(situation_, need);
    // If the needed process ran again since then, it is not known when the need was met.
    if (!from || !to || !at || *at > trace_.spans[*to].begin) return;
    trace_.arrows.push_back({*from, *to, *at});
  };
  for (ProcessIndex p = 0; p < situation_.size(); ++p) {
    if (!span_of_[p]) continue;
    if (all <= kMostArrows) {
      for (const Situation::Need& need : situation_.needs(p)) add(need, p);
    } else if (const LastMet last = last_met(situation_, p); last.need) {
      add(*last.need, p);
    }
  }
}

Trace Tracing::carry_out() && {
  trace_.id = ids_.trace();
  span_of_.resize(situation_.size());
  std::unordered_map<std::string_view, ProcessIndex> index;
  for (ProcessIndex p = 0; p < situation_.size(); ++p) index[situation_.config(p).name] = p;
  add_task();
  std::vector<bool> known(situation_.size());
  for (const ProcessHistory& past : situation_.history().processes()) {
    const auto found = index.find(past.name);
    if (found == index.end()) {
      add_process(past, {});
      continue;
    }
    known[found->second] = true;
    add_process(past, found->second);
  }
  for (ProcessIndex p = 0; p < situation_.size(); ++p) {
    if (known[p]) continue;
    ProcessHistory none;
    none.name = situation_.config(p).name;
    add_process(none, p);
  }
  add_arrows();
  end_task();
  return std::move(trace_);
}

}  // namespace

std::string_view name_of(SpanKind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"task", "process", "wait", "run"};
  return kNames[static_cast<std::size_t>(kind)];
}

Result<Trace> trace_of(const Situation& situation) {
  const auto& header = situation.history().header();
  if (!header) return Error{ErrorCode::NotFound, "nothing of the task is on record yet"};
  return Tracing(situation, *header).carry_out();
}

}  // namespace thermos
