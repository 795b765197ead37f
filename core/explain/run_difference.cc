#include "core/explain/run_difference.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>

namespace thermos {
namespace {

constexpr Microseconds kLeast = kSecond / 10;
constexpr Microseconds kPart = 5;

RunDifference::Side side_of(const History& history, std::string_view process) {
  RunDifference::Side side;
  const auto found = history.find(process);
  if (!found) return side;
  const ProcessHistory& past = history.process(*found);
  side.runs = past.next_run;
  const Run* run = past.current();
  if (run == nullptr) return side;
  side.state = run->state;
  side.return_code = run->return_code;
  side.taken_over = !run->taken_over_from().empty();
  if (!side.taken_over) side.reason = run->reason;
  if (run->started && run->stopped) {
    side.took = std::max<Microseconds>(0, run->stopped->boot - run->started->boot);
  }
  return side;
}

// A success that was taken over is the same success, whichever task has it.
bool same_success(const RunDifference& one) {
  return one.before.state == ProcessState::Success && one.after.state == ProcessState::Success &&
         (one.before.taken_over || one.after.taken_over);
}

bool took_otherwise(const RunDifference& one) {
  if (!one.before.took || !one.after.took) return false;
  const Microseconds difference = std::abs(one.slower());
  const Microseconds shorter = std::min(*one.before.took, *one.after.took);
  return difference > kLeast && difference > shorter / kPart;
}

}  // namespace

std::vector<RunDifference> differences_of(const History& before, const History& after) {
  std::vector<RunDifference> differences;
  std::set<std::string_view> seen;
  for (const History* history : {&before, &after}) {
    for (const ProcessHistory& process : history->processes()) {
      if (!seen.insert(process.name).second) continue;
      RunDifference one{process.name, side_of(before, process.name), side_of(after, process.name),
                        false};
      if (same_success(one)) continue;
      one.ended_otherwise = one.before.state != one.after.state ||
                            one.before.return_code != one.after.return_code ||
                            one.before.runs != one.after.runs;
      if (one.ended_otherwise || took_otherwise(one)) differences.push_back(std::move(one));
    }
  }
  std::stable_sort(differences.begin(), differences.end(),
                   [](const RunDifference& a, const RunDifference& b) {
                     if (a.ended_otherwise != b.ended_otherwise) return a.ended_otherwise;
                     if (a.ended_otherwise) return false;  // in the order of the tasks
                     return std::abs(a.slower()) > std::abs(b.slower());
                   });
  return differences;
}

}  // namespace thermos
