#include "core/explain/why_ended.h"

#include <string>

#include "core/base/seconds.h"
#include "core/base/text.h"
#include "core/explain/ending.h"
#include "core/explain/why_task.h"

namespace thermos {
namespace {

std::string lasted_text(const Run& run) {
  if (!run.started || !run.stopped || run.stopped->wall < run.started->wall) return "";
  return " after " + duration_text(run.stopped->wall - run.started->wall);
}

void add_order(const Situation& situation, const ProcessHistory& process, const Run& run,
               Answer& answer) {
  const Chronicle::Order* ended_by = nullptr;
  for (const Chronicle::Order& order : situation.chronicle().orders(process.name)) {
    if (order.run == run.number && order.verb != Verb::Start) ended_by = &order;
  }
  if (ended_by == nullptr) return;
  Cause cause{CauseKind::Ordered, process.name, run.number, {}, {}, {}};
  if (ended_by->at != 0) cause.time = ended_by->at;
  cause.text = ended_by->yields ? "the task gave its machine back"
                                : std::string(name_of(ended_by->verb)) + " was ordered";
  if (!ended_by->reason.empty()) cause.text += ": " + printable(ended_by->reason);
  answer.causes.push_back(std::move(cause));
}

// Adds how often the process has failed or was killed, if it has reached its limit.
void add_count(const Situation& situation, const ProcessHistory& process, const Run& run,
               Answer& answer) {
  const auto p = situation.find(process.name);
  if (!p || process.current() != &run || !situation.standing().failed(*p)) return;
  const ProcessConfig& config = situation.config(*p);
  const bool by_kills = config.max_kills != 0 && process.kills() >= config.max_kills;
  const std::uint64_t times = by_kills ? process.kills() : process.failures();
  if (times < 2) return;
  Cause cause{CauseKind::Limit, process.name, run.number, run.stopped->wall, {}, {}};
  cause.text = printable(process.name) + (by_kills ? " was killed " : " failed ") +
               std::to_string(times) + " times, which is its " +
               (by_kills ? "max_kills" : "max_failures");
  answer.causes.push_back(std::move(cause));
}

// Returns what to change, by the kind of the end.
std::string remedy(CauseKind kind, const ProcessHistory& process, const Run& run) {
  const std::string name = printable(process.name);
  switch (kind) {
    case CauseKind::Timeout:
      return "give " + name + " a longer timeout, or make it faster";
    case CauseKind::Unready:
      return "see why " + name + " is not ready, or give its `ready` a longer `within`";
    case CauseKind::Unhealthy:
      return "see why " + name + " does not answer, or allow more `failures`";
    case CauseKind::Memory:
      return "give " + name + " more memory, or make it use less";
    case CauseKind::Unstarted:
      return "correct what can't be started: " + printable(run.reason);
    case CauseKind::Signal:
      return run.state == ProcessState::Failed
                 ? "correct the crash of " + name
                 : "find who killed " + name + ": it was none of this program's signals";
    case CauseKind::Lost:
    case CauseKind::Reboot:
    case CauseKind::Shutdown:
    case CauseKind::Yield:
    case CauseKind::Ordered:
      return "";
    default:
      return "correct " + name + ": what it printed, if anything, says what is wrong";
  }
}

std::string advice_for(const Situation& situation, const ProcessHistory& process, const Run& run) {
  std::string what = remedy(kind_of_end(run), process, run);
  if (what.empty()) return "";
  if (situation.state() != TaskState::Active) {
    return what + "; then `thermos rerun " + situation.shown_id() +
           "` runs it, and what is behind it";
  }
  const auto p = situation.find(process.name);
  if (p && situation.standing().failed(*p) && !situation.config(*p).final) {
    return what + "; `thermos start " + situation.shown_id() + " " + printable(process.name) +
           "` runs it again, and what waits for it";
  }
  return what;
}

}  // namespace

Cause end_cause(const ProcessHistory& process, const Run& run) {
  Cause cause{kind_of_end(run), process.name, run.number, run.stopped->wall, {}, {}};
  cause.text = printable(process.name) + ", run " + std::to_string(run.number) + ": " +
               std::string(name_of(run.state)) + lasted_text(run);
  if (!run.taken_over_from().empty()) {
    cause.text += ", in task " + printable(run.taken_over_from());
  } else if (run.state != ProcessState::Success) {
    const std::string words = ending_words(run.return_code, run.reason, {});
    if (!words.empty()) cause.text += ", " + words;
  }
  return cause;
}

void add_end(const Situation& situation, const ProcessHistory& process, const Run& run,
             Answer& answer) {
  answer.causes.push_back(end_cause(process, run));
  const CauseKind kind = answer.causes.back().kind;
  if (run.state == ProcessState::Success) return;
  if (kind == CauseKind::Ordered || kind == CauseKind::Yield) {
    add_order(situation, process, run, answer);
  }
  const bool with_task = kind == CauseKind::Signal && run.state == ProcessState::Killed &&
                         situation.chronicle().ended_with_task(process, run);
  if (with_task) {
    add_task_end(situation, answer);
    return;
  }
  add_count(situation, process, run, answer);
  answer.advice = advice_for(situation, process, run);
  if (run.started) answer.output = Answer::Output{process.name, run.number};
}

}  // namespace thermos
