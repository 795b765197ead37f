#include "core/record/retention.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace thermos {
namespace {

constexpr std::array<std::string_view, kRetentions> kNames = {"kept", "young", "older", "keep",
                                                              "bytes"};

// What the rules say of a task that is not young.
Retention by_rules(const RetentionRules& rules, Microseconds age, std::uint64_t later, bool full) {
  if (rules.older && age > *rules.older) return Retention::TooOld;
  if (rules.keep && later >= *rules.keep) return Retention::TooMany;
  return full ? Retention::TooLarge : Retention::Kept;
}

}  // namespace

std::string_view name_of(Retention retention) {
  return kNames[static_cast<std::size_t>(retention)];
}

std::vector<Retention> judge_retention(const std::vector<EndedTask>& tasks,
                                       const RetentionRules& rules, Microseconds now) {
  std::vector<std::size_t> latest_first(tasks.size());
  std::iota(latest_first.begin(), latest_first.end(), std::size_t{0});
  std::sort(latest_first.begin(), latest_first.end(), [&](std::size_t a, std::size_t b) {
    if (tasks[a].ended != tasks[b].ended) return tasks[a].ended > tasks[b].ended;
    return tasks[a].id > tasks[b].id;
  });
  std::vector<Retention> verdicts(tasks.size());
  std::uint64_t later = 0;
  std::uint64_t room = rules.bytes.value_or(0);
  bool full = false;
  for (const std::size_t i : latest_first) {
    if (rules.bytes) {
      full = full || tasks[i].bytes > room;
      room -= full ? room : tasks[i].bytes;
    }
    const Microseconds age = now - tasks[i].ended;
    const Retention verdict = by_rules(rules, age, later++, full);
    // The clock may have been set back since: a task that ended in the future is young, too.
    verdicts[i] = goes(verdict) && age < kYoung ? Retention::Young : verdict;
  }
  return verdicts;
}

void keep_for_takers(const std::vector<EndedTask>& tasks, const Takers& takers,
                     std::vector<Retention>& verdicts) {
  std::set<std::string_view> going;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (goes(verdicts[i])) going.insert(tasks[i].id);
  }
  // A task that is kept for another one may itself have taken over from a third.
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const auto known = goes(verdicts[i]) ? takers.find(tasks[i].id) : takers.end();
      if (known == takers.end()) continue;
      const bool stays = std::any_of(known->second.begin(), known->second.end(),
                                     [&](const auto& taker) { return !going.contains(taker); });
      if (!stays) continue;
      verdicts[i] = Retention::Kept;
      going.erase(tasks[i].id);
      again = true;
    }
  }
}

std::vector<std::size_t> removal_order(const std::vector<EndedTask>& tasks, const Takers& takers,
                                       const std::vector<Retention>& verdicts) {
  std::vector<std::size_t> order;
  std::vector<std::size_t> behind;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (goes(verdicts[i])) (takers.contains(tasks[i].id) ? behind : order).push_back(i);
  }
  // A task that took over began after the other task had ended.
  std::stable_sort(behind.begin(), behind.end(),
                   [&](std::size_t a, std::size_t b) { return tasks[a].ended > tasks[b].ended; });
  order.insert(order.end(), behind.begin(), behind.end());
  return order;
}

std::optional<Microseconds> next_to_go(const std::vector<EndedTask>& tasks,
                                       const RetentionRules& rules, Microseconds now) {
  const std::vector<Retention> verdicts = judge_retention(tasks, rules, now);
  std::optional<Microseconds> next;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    std::optional<Microseconds> at;
    if (verdicts[i] == Retention::Young) at = add_saturated(tasks[i].ended, kYoung);
    if (verdicts[i] == Retention::Kept && rules.older) {
      // The rule removes a task that is older than that, and not one that is just as old.
      at = add_saturated(tasks[i].ended, std::max(add_saturated(*rules.older, 1), kYoung));
    }
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

}  // namespace thermos
