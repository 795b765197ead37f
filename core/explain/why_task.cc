#include "core/explain/why_task.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/seconds.h"
#include "core/base/text.h"
#include "core/explain/ending.h"
#include "core/explain/phrases.h"
#include "core/explain/why_ended.h"
#include "core/explain/why_runs.h"
#include "core/explain/why_waits.h"

namespace thermos {
namespace {

constexpr std::size_t kMostShown = 5;

// The step with which the task left ACTIVE; nullptr if it has not.
const TaskStep* end_began(const History& history) {
  for (const TaskStep& step : history.steps()) {
    if (step.status.state != TaskState::Active) return &step;
  }
  return nullptr;
}

struct Failed {
  ProcessIndex process = 0;
  const ProcessHistory* past = nullptr;
  const Run* run = nullptr;
};

// Returns the processes of the regular stage that failed for good, in the order of time. Leaves out
// what failed when the task was ending: that did not cause the end.
std::vector<Failed> failed_ones(const Situation& situation) {
  std::vector<Failed> failed;
  for (ProcessIndex p = 0; p < situation.size(); ++p) {
    if (situation.config(p).final || !situation.standing().failed(p)) continue;
    const ProcessHistory& past = *situation.standing().past(p);
    if (past.current() == nullptr) continue;
    if (situation.chronicle().ended_with_task(past, *past.current())) continue;
    failed.push_back({p, &past, past.current()});
  }
  std::stable_sort(failed.begin(), failed.end(), [](const Failed& a, const Failed& b) {
    return a.run->stopped->wall < b.run->stopped->wall;
  });
  return failed;
}

bool alike(const Run& a, const Run& b) {
  return a.state == b.state && a.return_code == b.return_code && a.reason == b.reason;
}

// Adds the first failure with all that is known of its end, then those that ended alike in one
// line, then the others.
void add_failures(const Situation& situation, const std::vector<Failed>& failed, Answer& answer) {
  if (failed.empty()) return;
  add_end(situation, *failed.front().past, *failed.front().run, answer);
  std::vector<std::string> same;
  std::vector<const Failed*> others;
  for (std::size_t i = 1; i < failed.size(); ++i) {
    if (alike(*failed[i].run, *failed.front().run)) {
      same.push_back(failed[i].past->name);
    } else {
      others.push_back(&failed[i]);
    }
  }
  if (!same.empty()) {
    answer.causes.push_back(
        {CauseKind::More,
         {},
         {},
         {},
         {},
         count_text(same.size(), "other", "others") + " ended alike: " + names_text(same)});
  }
  for (std::size_t i = 0; i < std::min(others.size(), kMostShown); ++i) {
    answer.causes.push_back(end_cause(*others[i]->past, *others[i]->run));
  }
  if (others.size() > kMostShown) {
    std::vector<std::string> names;
    for (std::size_t i = kMostShown; i < others.size(); ++i) names.push_back(others[i]->past->name);
    answer.causes.push_back(
        {CauseKind::More,
         {},
         {},
         {},
         {},
         count_text(names.size(), "other", "others") + " failed: " + names_text(names)});
  }
}

// Adds how many others failed, and their names: finalizers, and processes that ended with the task,
// whose failure the task allows, or that run again. Each has an answer of its own.
void add_other_failures(const Situation& situation, const std::vector<Failed>& told,
                        Answer& answer) {
  const auto is_told = [&](const std::string& name) {
    return std::any_of(told.begin(), told.end(),
                       [&](const Failed& failed) { return failed.past->name == name; }) ||
           std::any_of(answer.causes.begin(), answer.causes.end(),
                       [&](const Cause& cause) { return cause.process == name; });
  };
  std::vector<std::string> names;
  for (const FailedRun& failed : failures_of(situation.history())) {
    if (!is_told(failed.process)) names.push_back(failed.process);
  }
  if (names.empty()) return;
  const bool first = told.empty();
  std::string text = count_text(names.size(), first ? "process" : "other process",
                                first ? "processes" : "other processes") +
                     " failed: " + names_text(names);
  text += "; `thermos why " + situation.shown_id() + " " + printable(names.front()) + "` says why";
  answer.causes.push_back({CauseKind::More, {}, {}, {}, {}, std::move(text)});
}

// Adds one process that can never run, for all of them.
void add_stuck(const Situation& situation, Answer& answer) {
  std::size_t count = 0;
  std::optional<ProcessIndex> first;
  for (ProcessIndex p = 0; p < situation.size(); ++p) {
    if (situation.config(p).final || !situation.never(p)) continue;
    if (!first) first = p;
    ++count;
  }
  if (!first) return;
  const std::string& name = situation.config(*first).name;
  std::string text = printable(name) + " can't run: something that it needs can't come about";
  if (count > 1) text += ", and so it is of " + count_text(count - 1, "other", "others");
  answer.causes.push_back({CauseKind::Never, name, {}, {}, {}, std::move(text)});
}

// Adds how many processes never began: the end of the task explains that.
void add_not_begun(const Situation& situation, Answer& answer) {
  std::size_t count = 0;
  for (ProcessIndex p = 0; p < situation.size(); ++p) {
    const ProcessHistory* past = situation.standing().past(p);
    if (past == nullptr || !past->begun()) ++count;
  }
  if (count == 0) return;
  answer.causes.push_back({CauseKind::More,
                           {},
                           {},
                           {},
                           {},
                           count_text(count, "process has", "processes have") + " not run"});
}

// Adds that the task's stages lasted longer than they may, if they did.
void add_overrun(const Situation& situation, Answer& answer) {
  const std::vector<TaskStep>& steps = situation.history().steps();
  const TaskStatus& last = steps.back().status;
  if (!is_terminal(last.state) || last.goal == TaskState::Lost) return;
  const auto before = std::find_if(steps.rbegin(), steps.rend(), [](const TaskStep& step) {
    return !is_terminal(step.status.state);
  });
  if (before == steps.rend() || before->status.deadline.wall == 0) return;  // of Apache Thermos
  if (last.at.wall < before->status.deadline.wall) return;
  Cause cause{CauseKind::Overrun, {}, {}, before->status.deadline.wall, {}, {}};
  cause.text = before->status.state == TaskState::Cleaning
                   ? "its time to end was over before all had ended: no finalizer ran"
                   : "its time to end was over before its finalizers had ended";
  answer.causes.push_back(std::move(cause));
}

// Adds the runs under way, the longest first.
void add_running(const Situation& situation, Answer& answer) {
  std::vector<ProcessIndex> live;
  for (ProcessIndex p = 0; p < situation.size(); ++p) {
    if (situation.standing().live(p)) live.push_back(p);
  }
  const auto since = [&](ProcessIndex p) {
    const Run& run = *situation.standing().past(p)->current();
    return run.started ? run.started->wall : run.waiting.wall;
  };
  std::stable_sort(live.begin(), live.end(),
                   [&](ProcessIndex a, ProcessIndex b) { return since(a) < since(b); });
  for (std::size_t i = 0; i < std::min(live.size(), kMostShown); ++i) {
    Answer one;
    add_under_way(situation, live[i], one);
    // Leaves out why the task ends: that is said already.
    for (Cause& cause : one.causes) {
      if (cause.process == situation.config(live[i]).name) {
        answer.causes.push_back(std::move(cause));
      }
    }
  }
  if (live.size() <= kMostShown) return;
  std::vector<std::string> names;
  for (std::size_t i = kMostShown; i < live.size(); ++i) {
    names.push_back(situation.config(live[i]).name);
  }
  answer.causes.push_back(
      {CauseKind::More,
       {},
       {},
       {},
       {},
       count_text(names.size(), "other runs", "others run") + ": " + names_text(names)});
}

// For when nothing runs: adds what holds back the processes that wait for no other one.
void add_idle(const Situation& situation, Answer& answer) {
  std::size_t shown = 0;
  for (ProcessIndex p = 0; p < situation.size() && shown < kMostShown; ++p) {
    if (!situation.in_stage(p) || !situation.waits(p) || situation.waits_for_needs(p)) continue;
    Answer one;
    add_wait(situation, p, one);
    if (one.causes.empty()) continue;
    answer.causes.push_back(one.causes.front());
    if (answer.advice.empty()) answer.advice = one.advice;
    ++shown;
  }
}

struct Counts {
  std::size_t running = 0;
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t waiting = 0;
};

Counts counts_of(const Situation& situation) {
  Counts counts;
  for (ProcessIndex p = 0; p < situation.size(); ++p) {
    if (situation.standing().live(p)) {
      ++counts.running;
    } else if (situation.standing().failed(p)) {
      ++counts.failed;
    } else if (situation.standing().over(p)) {
      ++counts.done;
    } else {
      ++counts.waiting;
    }
  }
  return counts;
}

std::string counts_text(const Counts& counts) {
  std::string text = std::to_string(counts.done) + " of " +
                     std::to_string(counts.running + counts.done + counts.failed + counts.waiting) +
                     " done";
  if (counts.running > 0) text += ", " + std::to_string(counts.running) + " under way";
  if (counts.failed > 0) text += ", " + std::to_string(counts.failed) + " failed";
  if (counts.waiting > 0) text += ", " + std::to_string(counts.waiting) + " waiting";
  return text;
}

std::string end_answer(const Situation& situation, const TaskStep& began) {
  const TaskState goal = began.status.goal;
  const std::string state(name_of(situation.state()));
  const bool over = is_terminal(situation.state());
  std::string text = "the task is " + state;
  if (!over) text += " and will be " + std::string(name_of(goal));
  const std::vector<Failed> failed = failed_ones(situation);
  if (goal == TaskState::Failed && !failed.empty()) {
    const Run& run = *failed.front().run;
    return text + ": " + printable(failed.front().past->name) + " failed first, " +
           ending_words(run.return_code, run.reason, {});
  }
  if (goal == TaskState::Failed) return text + ": " + printable(began.reason);
  if (goal == TaskState::Success) return text + ": all that it waits for is done";
  return text + (began.reason.empty() ? ": it was ended" : ": " + printable(began.reason));
}

}  // namespace

void add_task_end(const Situation& situation, Answer& answer) {
  const TaskStep* began = end_began(situation.history());
  if (began == nullptr) return;
  const TaskStatus& status = began->status;
  Cause cause{CauseKind::TaskEnds, {}, {}, status.at.wall, {}, {}};
  if (status.goal == TaskState::Success) {
    cause.text = "the task began to end: all that it waits for was done";
    answer.causes.push_back(std::move(cause));
  } else if (status.goal == TaskState::Failed) {
    const std::vector<Failed> failed = failed_ones(situation);
    const std::uint32_t limit = situation.task().max_failures;
    const bool by_limit = limit != 0 && failed.size() >= limit;
    cause.kind = by_limit ? CauseKind::Limit : CauseKind::Deadlock;
    cause.text = "the task began to end as FAILED: " + printable(began->reason);
    if (by_limit) {
      cause.text += " (max_failures " + std::to_string(limit) + ", " +
                    count_text(failed.size(), "process", "processes") + " failed)";
    }
    answer.causes.push_back(std::move(cause));
    add_failures(situation, failed, answer);
    if (!by_limit) add_stuck(situation, answer);
  } else {
    cause.kind = CauseKind::Kill;
    cause.text = status.goal == TaskState::Lost ? "the task was given up, without finalizers"
                                                : "the task was killed";
    if (!began->reason.empty()) cause.text += ": " + printable(began->reason);
    answer.causes.push_back(std::move(cause));
    answer.advice = "run the task again, if that was not wanted";
  }
  // Another kill may have come while it was ending.
  const TaskStep* last = began;
  for (const TaskStep& step : situation.history().steps()) {
    const bool later = &step > began && !step.reason.empty();
    const bool other = later && step.status.goal != last->status.goal;
    if (!later) continue;
    answer.causes.push_back(
        {CauseKind::Kill,
         {},
         {},
         step.status.at.wall,
         {},
         std::string(other ? "then the task was killed: " : "then it was told again to end: ") +
             printable(step.reason)});
    last = &step;
  }
  add_overrun(situation, answer);
}

void add_leader(const Situation& situation, Answer& answer) {
  if (is_terminal(situation.state())) return;
  const auto& place = situation.history().leadership();
  if (place && place->yields) {
    Cause cause{CauseKind::Yield, {}, {}, place->at.wall, {}, "the task gave its machine back"};
    if (!place->decision.empty()) cause.text += ": " + printable(place->decision);
    answer.causes.push_back(std::move(cause));
  }
  if (situation.led() != false) return;
  answer.causes.push_back({CauseKind::Leader, {}, {}, {}, {}, "nobody leads the task"});
  answer.advice = "`thermos resume " + situation.shown_id() + "` goes on with it";
}

Answer why_task(const Situation& situation) {
  Answer answer;
  answer.state = name_of(situation.state());
  if (const TaskStep* began = end_began(situation.history())) {
    answer.answer = end_answer(situation, *began);
    add_task_end(situation, answer);
    const bool by_failures = began->status.goal == TaskState::Failed;
    add_other_failures(situation, by_failures ? failed_ones(situation) : std::vector<Failed>(),
                       answer);
    if (situation.state() != TaskState::Success) add_not_begun(situation, answer);
    if (!is_terminal(situation.state())) add_running(situation, answer);
    add_leader(situation, answer);
    return answer;
  }
  const Counts counts = counts_of(situation);
  answer.answer = "the task is " + answer.state + ": " + counts_text(counts);
  const std::vector<Failed> failed = failed_ones(situation);
  add_failures(situation, failed, answer);
  if (counts.running > 0) {
    add_running(situation, answer);
  } else {
    add_idle(situation, answer);
  }
  add_other_failures(situation, failed, answer);
  add_leader(situation, answer);
  return answer;
}

}  // namespace thermos
