#include "core/runner/standing.h"

namespace thermos {

Standing::Standing(const TaskConfig& task, const History& history, Microseconds now)
    : task_(task), now_(now) {
  pasts_.reserve(task.processes.size());
  for (const ProcessConfig& process : task.processes) {
    const auto found = history.find(process.name);
    pasts_.push_back(found ? &history.process(*found) : nullptr);
  }
}

bool Standing::over(ProcessIndex p) const {
  const ProcessHistory* past = pasts_[p];
  if (past == nullptr || past->live() || !past->begun()) return false;
  const ProcessConfig& process = task_.processes[p];
  if (past->successes() > 0 && !process.daemon) return true;
  return (process.max_failures != 0 && past->failures() >= process.max_failures) ||
         (process.max_kills != 0 && past->kills() >= process.max_kills);
}

bool Standing::failed(ProcessIndex p) const {
  return over(p) && outlook_of(task_, p, *pasts_[p], now_).fatal;
}

bool Standing::has_come(ProcessIndex p, Condition condition) const {
  const ProcessHistory* past = pasts_[p];
  if (past == nullptr) return false;
  if (condition == Condition::Start) return past->started;
  if (condition == Condition::Ready) return past->was_ready;
  if (condition == Condition::End) return over(p) || past->forgiven.runs > past->redefined;
  return over(p) && !failed(p);
}

std::optional<Microseconds> Standing::next_try(ProcessIndex p) const {
  if (pasts_[p] == nullptr) return std::nullopt;
  return outlook_of(task_, p, *pasts_[p], now_).next_try;
}

}  // namespace thermos
