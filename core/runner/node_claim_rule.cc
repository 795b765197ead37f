#include "core/runner/node_claim_rule.h"

#include <algorithm>

namespace thermos {

std::uint64_t lead_number(const History& history, Microseconds wall) {
  auto number = static_cast<std::uint64_t>(wall);
  for (const TaskStep& step : history.steps()) {
    number = std::max(number, static_cast<std::uint64_t>(step.status.at.wall) + 1);
  }
  if (history.leadership()) number = std::max(number, history.leadership()->lead + 1);
  return number;
}

// The file may be empty, or name an earlier holder: then the present holder has not written yet.
ClaimVerdict judge_claim(const NodeHolder& ours, bool locked,
                         const std::optional<NodeHolder>& written,
                         const std::optional<Identity>& locker) {
  if (written && written->lead > ours.lead) return {ClaimVerdict::Step::Refuse, std::nullopt};
  if (!locked) return {ClaimVerdict::Step::Take, std::nullopt};
  ClaimVerdict verdict{ClaimVerdict::Step::Wait, locker};
  // The locker is unknown if it is in another pid namespace.
  if (!locker && written && written->boot == ours.boot) verdict.hang_up = written->server;
  return verdict;
}

}  // namespace thermos
