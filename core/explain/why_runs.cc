#include "core/explain/why_runs.h"

#include <algorithm>
#include <string>

#include "core/base/seconds.h"
#include "core/base/text.h"
#include "core/explain/ending.h"
#include "core/explain/met_needs.h"
#include "core/explain/other_machine.h"
#include "core/explain/phrases.h"
#include "core/explain/why_ended.h"
#include "core/explain/why_task.h"
#include "core/runner/backoff.h"
#include "core/runner/placement.h"
#include "core/task/probe_question.h"

namespace thermos {
namespace {

// A launch that nobody has answered for longer than this is not usual.
constexpr Microseconds kLongLaunch = 2 * kSecond;
// A run that waited for a place begins in the turn in which there is one, which is sooner than
// this.
constexpr Microseconds kAtOnce = kSecond;

std::string run_text(const Situation& situation, ProcessIndex p, const Run& run) {
  return printable(situation.config(p).name) + ", run " + std::to_string(run.number);
}

// "1 core", "2.5 cores".
std::string cores_text(std::int64_t thousandths) {
  std::string text = std::to_string(thousandths / 1000);
  if (thousandths % 1000 != 0) {
    text += "." + std::to_string(1000 + thousandths % 1000).substr(1);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + (thousandths == 1000 ? " core" : " cores");
}

void add_launch(const Situation& situation, ProcessIndex p, const Run& run, Answer& answer) {
  const Microseconds since = run.waiting.wall;
  Cause cause{CauseKind::Launch, situation.config(p).name, run.number, since, {}, {}};
  if (situation.task().nodes && !run.node) {
    const std::string& on = situation.config(p).on;
    cause.text = run_text(situation, p, run) + ": no node has room for it, which takes " +
                 cores_text(room_for(situation.config(p)).cpu) +
                 (on.empty() ? "" : " on " + printable(on));
    answer.causes.push_back(std::move(cause));
    return;
  }
  cause.text = run_text(situation, p, run) + ": its launch is under way" +
               (run.node ? " on node " + printable(*run.node) : "");
  if (run.forked) cause.text += ", its coordinator has started";
  const bool late = !run.forked && !run.node && situation.at() - since > kLongLaunch;
  if (late) {
    cause.text += " for " + duration_text(situation.at() - since) +
                  ": the machine may be short of processes, memory or descriptors";
    answer.advice = "the messages of who runs the task say what is short";
  }
  answer.causes.push_back(std::move(cause));
}

void add_readiness(const Situation& situation, ProcessIndex p, const Run& run, Answer& answer) {
  const ProcessConfig& config = situation.config(p);
  if (!config.ready || run.ready || !run.started) return;
  Cause cause{CauseKind::Readiness, config.name, run.number, run.started->wall, {}, {}};
  cause.until = add_saturated(run.started->wall, config.ready->within);
  cause.text =
      run_text(situation, p, run) + " is not ready: " +
      (config.ready->notify ? "it has not said READY=1"
                            : "no yes yet from " + printable(text_of(question_of(*config.ready))));
  answer.causes.push_back(std::move(cause));
  answer.advice = "it has " + duration_text(*answer.causes.back().until - situation.at()) +
                  " left to be ready, by its `within`";
}

void add_health(const Situation& situation, ProcessIndex p, const Run& run, Answer& answer) {
  if (run.refusals == 0) return;
  const ProcessConfig& config = situation.config(p);
  Cause cause{CauseKind::Health, config.name, run.number, {}, {}, {}};
  cause.text = run_text(situation, p, run) + " said " + count_text(run.refusals, "time", "times") +
               " in a row that it is not healthy";
  if (const Chronicle::Refusal* last = situation.chronicle().refusal(config.name)) {
    if (last->at != 0) cause.time = last->at;
    if (!last->text.empty()) cause.text += ": " + printable(last->text);
  }
  answer.causes.push_back(std::move(cause));
}

// Returns the latest order that told the run to end. A start that came after it is for the next
// run.
const Chronicle::Order* ending_order(const Situation& situation, const ProcessHistory& past,
                                     const Run& run) {
  const Chronicle::Order* found = nullptr;
  for (const Chronicle::Order& order : situation.chronicle().orders(past.name)) {
    if (order.run == run.number && order.verb != Verb::Start && !order.yields) found = &order;
  }
  return found;
}

void add_ending(const Situation& situation, ProcessIndex p, const Run& run, Answer& answer) {
  const ProcessHistory& past = *situation.standing().past(p);
  if (past.ending && past.ending->run == run.number) {
    const StopOrder& order = *past.ending;
    Cause cause{CauseKind::Ending,   situation.config(p).name,
                run.number,          {},
                order.deadline.wall, run_text(situation, p, run) + " was told to end"};
    if (order.at.wall != 0) cause.time = order.at.wall;
    if (order.failure) cause.text += ": " + printable(*order.failure);
    if (order.yields) cause.text += ": the task gives its machine back";
    if (!order.failure && !order.yields) {
      if (const Chronicle::Order* by = ending_order(situation, past, run)) {
        cause.text += ", by a " + std::string(name_of(by->verb));
        if (!by->reason.empty()) cause.text += ": " + printable(by->reason);
      }
    }
    answer.causes.push_back(std::move(cause));
    return;
  }
  const TaskState state = situation.state();
  const bool final = situation.config(p).final;
  if (state != TaskState::Active && !final) add_task_end(situation, answer);
}

// Adds why the first run could begin. Returns the time from which only a place or a pool can have
// held it back.
std::optional<Microseconds> add_first(const Situation& situation, ProcessIndex p, const Run& run,
                                      Answer& answer) {
  const ProcessConfig& config = situation.config(p);
  const std::optional<Microseconds> began = stage_began(situation.history(), config.final);
  Cause cause{CauseKind::Met, config.name, {}, began, {}, {}};
  const LastMet last = last_met(situation, p);
  if (last.need) {
    const ProcessIndex before = last.need->process;
    const ProcessHistory& past = *situation.standing().past(before);
    const bool in_vain = last.need->condition == Condition::Success && past.successes() == 0;
    cause.process = situation.config(before).name;
    cause.time = last.at;
    cause.text = printable(config.name) + " was free to run when " +
                 met_text(in_vain ? Condition::End : last.need->condition, cause.process);
    if (situation.needs(p).size() > 1) cause.text += ", the last that it needed";
  } else if (config.final) {
    cause.text = printable(config.name) + " is a finalizer, and the task was ending";
  } else {
    cause.text = printable(config.name) + " needs nothing: it was free to run from the beginning";
  }
  auto free_from = last.at && began ? std::max(*last.at, *began) : began;
  answer.causes.push_back(std::move(cause));
  for (const Chronicle::Order& order : situation.chronicle().orders(config.name)) {
    if (!order.run && order.verb != Verb::Stop && order.at <= run.waiting.wall && free_from) {
      free_from = std::max(*free_from, order.at);
    }
  }
  return free_from;
}

// For a run that is not the first: adds what came before it. Returns the same as add_first().
std::optional<Microseconds> add_again(const Situation& situation, ProcessIndex p, const Run& run,
                                      Answer& answer) {
  const ProcessHistory& past = *situation.standing().past(p);
  const Run* before = past.run(run.number - 1);
  // An order from before that run began was not for this one.
  const std::optional<Timestamp>& began = before->forked ? before->forked : before->stopped;
  const Chronicle::Order* ordered = nullptr;
  for (const Chronicle::Order& order : situation.chronicle().orders(past.name)) {
    const bool later = began && order.at >= began->wall && order.at <= run.waiting.wall;
    if (later && order.verb != Verb::Stop && !order.yields) ordered = &order;
  }
  if (ordered != nullptr) {
    Cause cause{CauseKind::Ordered, past.name, run.number, ordered->at, {}, {}};
    cause.text = std::string(name_of(ordered->verb)) + " was ordered";
    if (!ordered->reason.empty()) cause.text += ": " + printable(ordered->reason);
    answer.causes.push_back(std::move(cause));
  }
  Cause cause{CauseKind::Again, past.name, before->number, {}, {}, {}};
  if (before->stopped) cause.time = before->stopped->wall;
  cause.text = end_cause(past, *before).text;
  if (before->stopped && run.waiting.wall > before->stopped->wall) {
    cause.text +=
        "; it ran again " + duration_text(run.waiting.wall - before->stopped->wall) + " later";
  }
  answer.causes.push_back(std::move(cause));
  // How long a backoff held it back is on no record.
  if (!before->stopped || (backoff_of(situation.task(), p) != nullptr &&
                           before->state != ProcessState::Success && ordered == nullptr)) {
    return std::nullopt;
  }
  const Microseconds free = add_saturated(before->stopped->wall, situation.config(p).min_duration);
  return ordered == nullptr ? free : std::max(free, ordered->at);
}

// If all places were taken when the run was free to begin: adds whose end made room.
void add_place(const Situation& situation, ProcessIndex p, const Run& run, Microseconds free_from,
               Answer& answer) {
  const std::uint32_t most = situation.task().max_concurrency;
  if (most == 0 || run.waiting.wall <= free_from) return;
  const Run* made_room = nullptr;
  ProcessIndex who = 0;
  const auto for_each_run = [&](auto&& take) {
    for (ProcessIndex other = 0; other < situation.size(); ++other) {
      const ProcessHistory* past = situation.standing().past(other);
      if (past == nullptr || situation.config(other).final != situation.config(p).final) continue;
      for (const Run& one : past->runs) take(other, one);
    }
  };
  for_each_run([&](ProcessIndex other, const Run& one) {
    if (!one.stopped || one.stopped->wall > run.waiting.wall || one.stopped->wall < free_from) {
      return;
    }
    if (made_room != nullptr && made_room->stopped->wall >= one.stopped->wall) return;
    made_room = &one;
    who = other;
  });
  if (made_room == nullptr || who == p) return;
  // If the run did not begin as soon as there was room, something else held it back.
  if (run.waiting.wall - made_room->stopped->wall > kAtOnce) return;
  std::size_t places = 0;
  for_each_run([&](ProcessIndex /*other*/, const Run& one) {
    const bool was_there = one.waiting.wall < made_room->stopped->wall &&
                           (!one.stopped || one.stopped->wall >= made_room->stopped->wall);
    if (was_there) ++places;
  });
  if (places < most) return;
  const std::string& other = situation.config(who).name;
  Cause cause{CauseKind::Concurrency, other, made_room->number, made_room->stopped->wall, {}, {}};
  cause.text = "then all " + std::to_string(most) + " places of max_concurrency were taken, for " +
               duration_text(made_room->stopped->wall - free_from) + ", until " + printable(other) +
               " ended";
  answer.causes.push_back(std::move(cause));
}

}  // namespace

void add_under_way(const Situation& situation, ProcessIndex p, Answer& answer) {
  const ProcessHistory& past = *situation.standing().past(p);
  const Run& run = *past.current();
  if (run.started) {
    Cause cause{CauseKind::Runs,
                past.name,
                run.number,
                run.started->wall,
                {},
                run_text(situation, p, run) + " runs for " +
                    duration_text(situation.at() - run.started->wall)};
    if (run.process.pid != 0) cause.text += ", pid " + std::to_string(run.process.pid);
    if (run.node) cause.text += ", on node " + printable(*run.node);
    if (goes_on_elsewhere(situation.history(), run)) {
      cause.text += ", on another machine: nothing here can end it, and its end is waited for";
    }
    if (past.said && !past.said->status.empty()) {
      cause.text += "; it says: " + printable(past.said->status);
    }
    answer.causes.push_back(std::move(cause));
    answer.output = Answer::Output{past.name, run.number};
  } else {
    add_launch(situation, p, run, answer);
  }
  add_readiness(situation, p, run, answer);
  add_health(situation, p, run, answer);
  add_ending(situation, p, run, answer);
}

void add_beginning(const Situation& situation, ProcessIndex p, const Run& run, Answer& answer) {
  const ProcessHistory& past = *situation.standing().past(p);
  const bool first = run.number == past.redefined;
  std::optional<Microseconds> free_from;
  if (first) {
    free_from = add_first(situation, p, run, answer);
  } else if (past.run(run.number - 1) != nullptr) {
    free_from = add_again(situation, p, run, answer);
  } else {
    answer.causes.push_back(
        {CauseKind::Forgotten,
         past.name,
         {},
         {},
         {},
         "the runs before run " + std::to_string(run.number) + " are no longer on record"});
  }
  if (free_from) add_place(situation, p, run, *free_from, answer);
}

}  // namespace thermos
