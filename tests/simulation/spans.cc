#include "spans.h"

#include <map>
#include <string>

#include "broken.h"
#include "core/explain/trace.h"

namespace thermos::sim {
namespace {

void check_place(const Span& span, const Span& parent) {
  require(span.parent == parent.id, "trace: " + span.name + " has another parent");
  require(parent.begin <= span.begin && span.end <= parent.end,
          "trace: " + span.name + " is not within its parent");
  require(parent.open || !span.open, "trace: " + span.name + " outlives its parent");
}

void check_run(const Span& span, const Run& run, bool task_ended) {
  const std::string what = "trace: " + span.name + ", run " + std::to_string(run.number);
  const bool goes_on = !is_terminal(run.state) && !task_ended;
  require(span.open == goes_on, what + (span.open ? " is open" : " is over"));
  const bool good = run.state == ProcessState::Success;
  require((span.result == SpanResult::Ok) == good, what + " has another result");
  const bool bad = run.state == ProcessState::Failed || run.state == ProcessState::Lost;
  require(!bad || span.result == SpanResult::Error, what + " is no error");
}

}  // namespace

void check_spans(const Situation& situation) {
  const Result<Trace> trace = trace_of(situation);
  require(trace.ok(), "trace: there is none");
  const History& history = situation.history();
  const Span& task = trace->spans.front();
  require(task.open != is_terminal(history.state()), "trace: the task is open, or over");
  const Span* process = nullptr;
  Microseconds before = 0;
  std::map<std::string, std::size_t> runs;
  for (const Span& span : trace->spans) {
    require(span.begin <= span.end, "trace: " + span.name + " ends before it begins");
    if (span.kind == SpanKind::Task) continue;
    if (span.kind == SpanKind::Process) {
      check_place(span, task);
      process = &span;
      before = span.begin;
      continue;
    }
    check_place(span, *process);
    require(span.name == process->name, "trace: " + span.name + " is in another process");
    require(before <= span.begin, "trace: two spans of " + span.name + " overlap");
    before = span.end;
    if (span.kind != SpanKind::Run) continue;
    const Run* run = history.process(*history.find(span.name)).run(*span.run);
    require(run != nullptr, "trace: a run of " + span.name + " that is not on record");
    check_run(span, *run, !task.open);
    ++runs[span.name];
  }
  for (const ProcessHistory& past : history.processes()) {
    require(runs[past.name] == past.runs.size(), "trace: not all runs of " + past.name);
  }
  for (const Arrow& arrow : trace->arrows) {
    require(arrow.at <= trace->spans[arrow.to].begin, "trace: an arrow comes too late");
  }
}

}  // namespace thermos::sim
