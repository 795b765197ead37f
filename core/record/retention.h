// Which of the tasks that have ended are kept, and which go.
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

// A task goes if any of the rules says so. Without a rule none goes.
struct RetentionRules {
  std::optional<Microseconds> older;  // those that ended longer ago than this
  std::optional<std::uint64_t> keep;  // all but so many that ended last
  // From the one that ended last on, so many bytes are kept: the first task that does not fit, and
  // all that ended before it, go.
  std::optional<std::uint64_t> bytes;

  bool any() const { return older || keep || bytes; }
  bool operator==(const RetentionRules&) const = default;
};

struct EndedTask {
  std::string id;
  Microseconds ended = 0;   // wall time
  std::uint64_t bytes = 0;  // that its removal would free
};

// What becomes of a task, by the first rule that tells.
enum class Retention : std::uint8_t {
  Kept,
  Young,  // kept, although a rule says that it goes
  TooOld,
  TooMany,
  TooLarge,
};
inline constexpr std::size_t kRetentions = 5;
inline bool goes(Retention retention) {
  return retention >= Retention::TooOld;
}
// "kept", "young", "older", "keep" and "bytes": the last three are the names of the rules.
std::string_view name_of(Retention retention);

// What becomes of each task at the wall time `now`, in the order of `tasks`. Of two that ended in
// the same moment, the one with the larger id counts as the later one.
std::vector<Retention> judge_retention(const std::vector<EndedTask>& tasks,
                                       const RetentionRules& rules, Microseconds now);

// By the id of a task: the tasks that took over its successes. Their records name its output.
using Takers = std::map<std::string, std::set<std::string>>;

// Keeps, too, from which one took over that stays: a task that does not go by `verdicts`, or that
// is none of `tasks`.
void keep_for_takers(const std::vector<EndedTask>& tasks, const Takers& takers,
                     std::vector<Retention>& verdicts);

// The tasks that go, by their place in `tasks`, in an order in which each goes behind all that took
// over from it: nothing else can be told of the times at which they ended, but by a clock that was
// set back, and then that one is left for another time.
std::vector<std::size_t> removal_order(const std::vector<EndedTask>& tasks, const Takers& takers,
                                       const std::vector<Retention>& verdicts);

// The earliest time after `now` at which one of these tasks goes by the rules that does not go yet;
// nothing if none of them ever does.
std::optional<Microseconds> next_to_go(const std::vector<EndedTask>& tasks,
                                       const RetentionRules& rules, Microseconds now);

}  // namespace thermos
