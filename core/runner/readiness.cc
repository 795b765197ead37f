#include "core/runner/readiness.h"

#include <algorithm>
#include <string_view>

#include "core/base/seconds.h"
#include "core/base/text.h"
#include "core/runner/probe_times.h"
#include "core/task/probe_question.h"

namespace thermos {
namespace {

// No timers where nothing is ever asked: there may be a million processes.
std::size_t timers_for_readiness(const TaskConfig& task) {
  const bool any = std::any_of(task.processes.begin(), task.processes.end(),
                               [](const ProcessConfig& process) { return process.ready; });
  return any ? task.processes.size() : 0;
}

// The time for a look at what a coordinator has written: one file is read.
constexpr Microseconds kLookTakes = kSecond / 10;

}  // namespace

Readiness::Readiness(const TaskConfig& task)
    : task_(task), questions_(timers_for_readiness(task)), limits_(timers_for_readiness(task)) {}

void Readiness::watch(ProcessIndex p, const ProcessHistory& process, const LimitTimes& times,
                      Microseconds now) {
  const Boxed<Ready>& ready = task_.processes[p].ready;
  if (!ready || process.ending || process.current()->ready) return;
  const Run& run = *process.current();
  const auto [unready, begins] = unready_.try_emplace(p);
  if (run.state == ProcessState::Running) {
    const bool known = limits_.has(p);
    const Microseconds limit = add_saturated(std::min(times.began, now), ready->within);
    if (!known || times.extended > now) limits_.set(p, std::max(limit, times.extended));
    if (ready->notify) {
      questions_.clear(p);
    } else if (!known && (unready->second.asked == 0 || questions_.has(p))) {
      questions_.set(p, now);  // unless it was asked and has not answered
    }
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
  const Microseconds interval = ready_of(p).interval;
  const Microseconds next = beat_before(add_saturated(unready.asked, interval), interval);
  questions_.set(p, std::max(now, next));
  if (!limits_.has(p)) limits_.set(p, now);
}

void Readiness::too_early(ProcessIndex p, Microseconds now) {
  questions_.set(p, add_saturated(now, ready_of(p).interval));
}

std::optional<ProcessIndex> Readiness::pop_overdue(Microseconds now) {
  while (const auto p = limits_.pop_due(now)) {
    Unready& unready = unready_[*p];
    const Ready& ready = ready_of(*p);
    if (!unready.refused) {
      if (!ready.notify) continue;  // refused() sets its limit again
      unready.refused = true;
      questions_.set(*p, now);
      limits_.set(*p, add_saturated(now, kLookTakes));
      continue;
    }
    complaint_ = "not ready within " + seconds_text(ready.within) +
                 " s: " + (ready.notify ? "it has not said READY=1" : text_of(question_of(ready))) +
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
