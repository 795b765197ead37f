#include "core/runner/readiness.h"

#include <algorithm>
#include <string_view>

#include "core/base/seconds.h"
#include "core/base/text.h"
#include "core/task/question.h"

namespace thermos {
namespace {

// No timers where nothing is ever asked: there may be a million processes.
std::size_t timers_for(const TaskConfig& task) {
  const bool any = std::any_of(task.processes.begin(), task.processes.end(),
                               [](const ProcessConfig& process) { return process.ready; });
  return any ? task.processes.size() : 0;
}

}  // namespace

Readiness::Readiness(const TaskConfig& task)
    : task_(task), questions_(timers_for(task)), limits_(timers_for(task)) {}

void Readiness::watch(ProcessIndex p, const ProcessHistory& process, Microseconds now) {
  const std::optional<Ready>& ready = task_.processes[p].ready;
  if (!ready || !process.live() || process.ending || process.current()->ready) return;
  const Run& run = *process.current();
  const bool begins = unready_.try_emplace(p).second;
  if (run.state == ProcessState::Running && !limits_.has(p)) {
    questions_.set(p, now);
    limits_.set(p, add_saturated(std::min(run.started->boot, now), ready->within));
  } else if (begins) {
    questions_.set(p, add_saturated(now, ready->interval));
  }
}

void Readiness::forget(ProcessIndex p) {
  if (unready_.erase(p) == 0) return;
  questions_.clear(p);
  limits_.clear(p);
}

std::optional<ProcessIndex> Readiness::pop_question(Microseconds now) {
  const auto p = questions_.pop_due(now);
  if (p) unready_[*p].asked = now;
  return p;
}

void Readiness::refused(ProcessIndex p, std::string_view why, Microseconds now) {
  Unready& unready = unready_[p];
  unready.refused = true;
  unready.why = why;
  questions_.set(p, std::max(now, add_saturated(unready.asked, ready_of(p).interval)));
  if (!limits_.has(p)) limits_.set(p, now);
}

void Readiness::too_early(ProcessIndex p, Microseconds now) {
  questions_.set(p, add_saturated(now, ready_of(p).interval));
}

std::optional<ProcessIndex> Readiness::pop_overdue(Microseconds now) {
  while (const auto p = limits_.pop_due(now)) {
    const Unready& unready = unready_[*p];
    if (!unready.refused) continue;  // refused() brings it back
    complaint_ = "not ready within " + seconds_text(ready_of(*p).within) +
                 " s: " + text_of(question_of(ready_of(*p))) +
                 (unready.why.empty() ? "" : ": " + unready.why);
    forget(*p);
    return p;
  }
  return std::nullopt;
}

std::optional<Microseconds> Readiness::next_due() const {
  if (unready_.empty()) return std::nullopt;
  const auto question = questions_.next();
  const auto limit = limits_.next();
  return question && limit ? std::min(*question, *limit) : question ? question : limit;
}

}  // namespace thermos
