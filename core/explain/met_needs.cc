#include "core/explain/met_needs.h"

namespace thermos {

std::optional<Microseconds> time_of(const Situation& situation, const Situation::Need& need) {
  const ProcessHistory* past = situation.standing().past(need.process);
  if (past == nullptr) return std::nullopt;
  const auto earliest = [&](auto&& of) -> std::optional<Microseconds> {
    for (const Run& run : past->runs) {
      if (run.number < past->redefined) continue;
      if (const std::optional<Timestamp>& at = of(run)) return at->wall;
    }
    return std::nullopt;
  };
  switch (need.condition) {
    case Condition::Start:
      return earliest([](const Run& run) { return run.started; });
    case Condition::Ready:
      return earliest([](const Run& run) { return run.ready; });
    default:
      break;
  }
  if (past->last_end && !past->live()) return past->last_end->wall;
  return std::nullopt;
}

LastMet last_met(const Situation& situation, ProcessIndex p) {
  LastMet last;
  for (const Situation::Need& need : situation.needs(p)) {
    if (situation.unmet(need)) continue;
    const auto at = time_of(situation, need);
    if (last.need && (!at || (last.at && *at <= *last.at))) continue;
    last = {need, at};
  }
  return last;
}

std::optional<Microseconds> stage_began(const History& history, bool final) {
  for (const TaskStep& step : history.steps()) {
    if (!final || step.status.state == TaskState::Finalizing) return step.status.at.wall;
  }
  return std::nullopt;
}

}  // namespace thermos
