// Which of the tasks that have ended are kept, and which are removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/times.h"

namespace thermos {

// A task that ended more recently is never removed, whatever the rules say: somebody, or a script
// that is started again and again, may still ask how it ended.
inline constexpr Microseconds kYoung = 3600 * kSecond;

// A task is removed if any of the rules says so. Without a rule, no task is removed.
struct RetentionRules {
  std::optional<Microseconds> older;  // removes the tasks that ended longer ago than this
  std::optional<std::uint64_t> keep;  // removes all but this many that ended last
  // Keeps this many bytes, counted from the task that ended last: the first task that does not fit,
  // and all that ended before it, are removed.
  std::optional<std::uint64_t> bytes;

  bool any() const { return older || keep || bytes; }
  bool operator==(const RetentionRules&) const = default;
};

struct EndedTask {
  std::string id;
  Microseconds ended = 0;   // wall time
  std::uint64_t bytes = 0;  // freed by its removal
};

// What becomes of a task, by the first rule that applies.
enum class Retention : std::uint8_t {
  Kept,
  Young,  // kept although a rule would remove it, because it is younger than kYoung
  TooOld,
  TooMany,
  TooLarge,
};
inline constexpr std::size_t kRetentions = 5;
inline bool goes(Retention retention) {
  return retention >= Retention::TooOld;
}
// Returns "kept", "young", "older", "keep" or "bytes": the last three are the names of the rules.
std::string_view name_of(Retention retention);

// Returns what becomes of each task at the wall time `now`, in the order of `tasks`. Of two tasks
// that ended in the same moment, the one with the larger id counts as the later one.
std::vector<Retention> judge_retention(const std::vector<EndedTask>& tasks,
                                       const RetentionRules& rules, Microseconds now);

// Maps the id of a task to the tasks that took over its successes, and whose records name its
// output.
using Takers = std::map<std::string, std::set<std::string>>;

// Also keeps each task whose successes were taken over by a task that stays. Such a taker stays if
// its own verdict does not remove it, or if it is not among `tasks`.
void keep_for_takers(const std::vector<EndedTask>& tasks, const Takers& takers,
                     std::vector<Retention>& verdicts);

// Returns the tasks to remove, as indexes into `tasks`. Each task comes after all that took over
// from it, going by the times at which the tasks ended. Only a clock that was set back makes these
// times wrong; the task that then comes too early is left for a later removal.
std::vector<std::size_t> removal_order(const std::vector<EndedTask>& tasks, const Takers& takers,
                                       const std::vector<Retention>& verdicts);

// Returns the earliest time after `now` at which the rules remove one of the tasks that they do not
// remove yet; nothing if they never do.
std::optional<Microseconds> next_to_go(const std::vector<EndedTask>& tasks,
                                       const RetentionRules& rules, Microseconds now);

}  // namespace thermos
