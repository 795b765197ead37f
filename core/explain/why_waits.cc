#include "core/explain/why_waits.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/seconds.h"
#include "core/base/text.h"
#include "core/explain/phrases.h"
#include "core/explain/why_ended.h"
#include "core/explain/why_runs.h"
#include "core/explain/why_task.h"
#include "core/runner/backoff.h"

namespace thermos {
namespace {

constexpr std::size_t kMostNeeds = 5;

class Waiting {
 public:
  Waiting(const Situation& situation, Answer& answer)
      : situation_(situation), standing_(situation.standing()), answer_(answer) {}

  // Returns the process that `p` waits for; nothing if the reason is its own.
  std::optional<ProcessIndex> add(ProcessIndex p) {
    // It would not have run even if the task had gone on.
    if (situation_.past_stage(p) && situation_.never(p)) return add_needs(p);
    if (!in_time(p)) return std::nullopt;
    if (situation_.waits_for_needs(p)) return add_needs(p);
    const std::size_t before = answer_.causes.size();
    add_clock(p);
    add_hold(p);
    if (answer_.causes.size() > before) return std::nullopt;
    add_time(p);
    add_concurrency(p);
    if (answer_.causes.size() == before) add_pools(p);
    if (answer_.causes.size() == before) add_line(p);
    if (answer_.causes.size() == before && !nobody_leads()) add_turn(p);
    return std::nullopt;
  }

 private:
  std::string name(ProcessIndex p) const { return printable(situation_.config(p).name); }
  std::string start_command(ProcessIndex p) const {
    return "thermos start " + situation_.shown_id() + " " + name(p);
  }

  void add(CauseKind kind, ProcessIndex p, std::optional<Microseconds> time, std::string text) {
    answer_.causes.push_back({kind, situation_.config(p).name, {}, time, {}, std::move(text)});
  }

  bool nobody_leads() const {
    return situation_.led() == false ||
           (situation_.history().leadership() && situation_.history().leadership()->yields);
  }

  // Returns whether the process may run in this stage of the task. If not, adds why.
  bool in_time(ProcessIndex p) {
    const TaskState state = situation_.state();
    if (!situation_.config(p).final) {
      if (state == TaskState::Active) return true;
      add_task_end(situation_, answer_);
      return false;
    }
    if (state == TaskState::Active || state == TaskState::Cleaning) {
      add(CauseKind::Stage, p, {},
          name(p) + " is a finalizer: it runs when the task ends, which is " +
              std::string(name_of(state)));
      return false;
    }
    if (situation_.waits_for_needs(p)) return true;
    if (state == TaskState::Finalizing && !finalizers_are_over()) return true;
    add_task_end(situation_, answer_);
    if (state == TaskState::Finalizing) {
      add(CauseKind::TaskEnds, p, {}, "the task waits for no finalizer any more");
    }
    return false;
  }

  // REQUIRES: the task is FINALIZING.
  bool finalizers_are_over() const {
    const TaskStatus& last = situation_.history().steps().back().status;
    if (last.goal == TaskState::Lost || situation_.at() >= last.deadline.wall) return true;
    for (ProcessIndex p = 0; p < situation_.size(); ++p) {
      const ProcessConfig& config = situation_.config(p);
      if (!config.final || config.ephemeral) continue;
      if (!standing_.over(p) && !situation_.never(p)) return false;
    }
    return true;
  }

  std::optional<ProcessIndex> add_needs(ProcessIndex p) {
    std::vector<Situation::Need> unmet;
    for (const Situation::Need& need : situation_.needs(p)) {
      if (situation_.unmet(need)) unmet.push_back(need);
    }
    // If a need can never be met, nothing else matters, so it comes first; then come the needs of
    // processes that do not run.
    const auto rank = [this](const Situation::Need& need) {
      if (situation_.never(need)) return 0;
      return standing_.live(need.process) ? 2 : 1;
    };
    std::stable_sort(unmet.begin(), unmet.end(),
                     [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    for (std::size_t i = 0; i < std::min(unmet.size(), kMostNeeds); ++i) add_need(p, unmet[i]);
    if (unmet.size() > kMostNeeds) {
      add(CauseKind::More, p, {},
          name(p) + " needs " +
              count_text(unmet.size() - kMostNeeds, "other thing", "other things") +
              " that have not come about");
    }
    return unmet.front().process;
  }

  void add_need(ProcessIndex p, const Situation::Need& need) {
    const bool never = situation_.never(need);
    const std::string& before = situation_.config(need.process).name;
    Cause cause{never ? CauseKind::Never : CauseKind::Need, before, {}, {}, {}, {}};
    cause.text = name(p) + (never ? " can't run: it needs " : " waits for ") +
                 need_text(need.condition, before);
    const ProcessHistory* past = standing_.past(need.process);
    if (past != nullptr && past->current() != nullptr) {
      const Run& run = *past->current();
      cause.run = run.number;
      cause.time = (run.stopped ? *run.stopped : run.started ? *run.started : run.waiting).wall;
    }
    answer_.causes.push_back(std::move(cause));
  }

  void add_clock(ProcessIndex p) {
    const auto until = standing_.next_try(p);
    if (!until) return;
    const ProcessHistory& past = *standing_.past(p);
    const Microseconds wait = wait_before_rerun(situation_.task(), p, past);
    const bool backs_off = wait > situation_.config(p).min_duration;
    Cause cause{CauseKind::Clock, situation_.config(p).name, {}, {}, until, {}};
    if (past.last_end) cause.time = past.last_end->wall;
    cause.text =
        name(p) + " waits " + duration_text(wait) + " from its last end, by its " +
        (backs_off
             ? "backoff (" + count_text(past.failures_in_row, "failure", "failures in a row") + ")"
             : "min_duration");
    answer_.causes.push_back(std::move(cause));
    if (past.current() != nullptr) answer_.causes.push_back(end_cause(past, *past.current()));
    answer_.advice = "it runs in " + duration_text(*until - situation_.at()) + "; `" +
                     start_command(p) + "` runs it at once";
  }

  void add_hold(ProcessIndex p) {
    if (!standing_.held(p)) return;
    Cause cause{CauseKind::Hold, situation_.config(p).name, {}, {}, {}, name(p) + " was stopped"};
    for (const Chronicle::Order& order : situation_.chronicle().orders(situation_.config(p).name)) {
      if (order.verb != Verb::Stop) continue;
      if (order.at != 0) cause.time = order.at;
      if (!order.reason.empty()) cause.text = name(p) + " was stopped: " + printable(order.reason);
    }
    answer_.causes.push_back(std::move(cause));
    answer_.advice = "`" + start_command(p) + "` lets it run";
  }

  void add_time(ProcessIndex p) {
    const auto& place = situation_.history().leadership();
    const auto& time = situation_.config(p).time;
    if (!time || !place || place->until == 0) return;
    if (*time <= place->until - situation_.at()) return;
    Cause cause{CauseKind::Time, situation_.config(p).name, {}, place->at.wall, place->until, {}};
    cause.text = name(p) + " takes " + duration_text(*time) +
                 ", and the machine is the task's for " +
                 duration_text(place->until - situation_.at());
    answer_.causes.push_back(std::move(cause));
    answer_.advice = "the next job that goes on with the task runs it, if that has the time";
  }

  void add_concurrency(ProcessIndex p) {
    const std::uint32_t most = situation_.task().max_concurrency;
    if (most == 0) return;
    std::vector<std::string> holders;
    std::size_t called_off = 0;
    std::size_t waiting = 0;  // for the daemon's pools: they have a place
    for (ProcessIndex other = 0; other < situation_.size(); ++other) {
      if (situation_.config(other).final != situation_.config(p).final) continue;
      if (situation_.has_place(other)) {
        holders.push_back(situation_.config(other).name);
      } else if (standing_.live(other)) {
        ++called_off;
      } else if (other != p && situation_.uses_shared_pool(other) &&
                 situation_.free_to_run(other)) {
        ++waiting;
      }
    }
    if (holders.size() + called_off + waiting < most) return;
    std::string text = name(p) + " waits for one of the " + std::to_string(most) +
                       " places of max_concurrency, which " + names_text(holders) +
                       (holders.size() == 1 ? " has" : " have");
    if (waiting > 0) {
      text += ", and " + count_text(waiting, "one that waits", "that wait") +
              " for a pool of the daemon";
    }
    add(CauseKind::Concurrency, p, {}, std::move(text));
    answer_.advice =
        "it runs when one of them ends; a larger max_concurrency lets more run at a time";
  }

  void add_pools(ProcessIndex p) {
    if (situation_.config(p).uses.entries.empty()) return;
    for (const PoolOutlook& pool : situation_.pools()) {
      const auto own = std::find_if(
          pool.waiting.begin(), pool.waiting.end(),
          [&](const auto& share) { return share.process == situation_.config(p).name; });
      if (own == pool.waiting.end()) continue;
      std::vector<std::string> holders;
      for (const auto& share : pool.used_by) holders.push_back(share.process);
      std::string text = name(p) + " waits for " + std::to_string(own->amount) + " of pool " +
                         printable(pool.pool);
      if (!pool.size) {
        text += ", which the daemon's tasks share";
      } else if (!holders.empty()) {
        text += ", of which " + names_text(holders) + (holders.size() == 1 ? " has " : " have ") +
                std::to_string(pool.used()) + " of " + std::to_string(*pool.size);
      }
      if (pool.waiting.size() > 1) {
        text += "; " + count_text(pool.waiting.size() - 1, "other waits", "others wait") +
                " for it, too";
      }
      add(CauseKind::Pool, p, {}, std::move(text));
      answer_.advice = pool.size ? "it runs when enough is given back; the task's `pools` say how "
                                   "much there is"
                                 : "`thermos pools` shows who has it, of all tasks";
    }
  }

  bool share_a_pool(ProcessIndex a, ProcessIndex b) const {
    const auto& others = situation_.config(b).uses.entries;
    return std::any_of(situation_.config(a).uses.entries.begin(),
                       situation_.config(a).uses.entries.end(), [&](const auto& use) {
                         return std::any_of(others.begin(), others.end(), [&](const auto& other) {
                           return other.first == use.first;
                         });
                       });
  }

  // The pool has enough left, but a process that asked before has it reserved until the other pools
  // that it uses have enough, too.
  void add_line(ProcessIndex p) {
    if (situation_.config(p).uses.entries.empty()) return;
    std::vector<std::string> others;
    for (ProcessIndex other = 0; other < situation_.size(); ++other) {
      if (other != p && situation_.free_to_run(other) && share_a_pool(p, other)) {
        others.push_back(situation_.config(other).name);
      }
    }
    if (others.empty()) return;
    add(CauseKind::Pool, p, {},
        name(p) + " waits for its turn at its pools, for which " + names_text(others) +
            (others.size() == 1 ? " waits, too" : " wait, too"));
    answer_.advice = "it runs when those who asked before it have what they use";
  }

  void add_turn(ProcessIndex p) {
    add(CauseKind::Turn, p, {}, "nothing holds " + name(p) + " back: it is about to start");
  }

  const Situation& situation_;
  const Standing& standing_;
  Answer& answer_;
};

}  // namespace

void add_wait(const Situation& situation, ProcessIndex p, Answer& answer) {
  const Standing& standing = situation.standing();
  Waiting waiting(situation, answer);
  std::optional<ProcessIndex> next = waiting.add(p);
  // No cycle: the needs of a task have none.
  while (next) {
    const ProcessIndex before = *next;
    next.reset();
    if (standing.live(before)) {
      add_under_way(situation, before, answer);
    } else if (standing.over(before)) {
      const ProcessHistory& past = *standing.past(before);
      if (past.current() != nullptr) add_end(situation, past, *past.current(), answer);
    } else {
      next = waiting.add(before);
    }
  }
  add_leader(situation, answer);
}

}  // namespace thermos
