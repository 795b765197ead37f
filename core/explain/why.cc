#include "core/explain/why.h"

#include <algorithm>

#include "core/base/seconds.h"
#include "core/base/text.h"
#include "core/explain/ending.h"
#include "core/explain/why_ended.h"
#include "core/explain/why_runs.h"
#include "core/explain/why_task.h"
#include "core/explain/why_waits.h"

namespace thermos {
namespace {

Error not_found(const Situation& situation, std::string_view name) {
  NearestWord nearest(name);
  for (const ProcessConfig& process : situation.task().processes) nearest.offer(process.name);
  const std::string task =
      situation.history().header() ? situation.history().header()->task_id : situation.task().name;
  return {ErrorCode::NotFound, task + " has no process " + quoted(name) + nearest.hint()};
}

Error no_such_run(const ProcessHistory* past, std::string_view name, std::uint32_t run) {
  std::string what = printable(name) + " has no run " + std::to_string(run);
  if (past == nullptr || past->next_run == 0) {
    what += ": it has not run";
  } else if (past->runs.empty() || run < past->runs.front().number) {
    what += " on record any more" + (past->runs.empty()
                                         ? ""
                                         : ": run " + std::to_string(past->runs.front().number) +
                                               " is the first that is kept");
  } else {
    what += ": its last is run " + std::to_string(past->next_run - 1);
  }
  return {ErrorCode::NotFound, what};
}

std::string sentence(const ProcessHistory& process, const Run& run) {
  std::string text = printable(process.name) + ", run " + std::to_string(run.number);
  if (!run.taken_over_from().empty()) {
    return printable(process.name) + " succeeded in task " + printable(run.taken_over_from()) +
           ", from which that was taken over";
  }
  if (run.state == ProcessState::Success) return text + " succeeded";
  text += " ended " + std::string(name_of(run.state));
  const std::string words = ending_words(run.return_code, run.reason, {});
  return words.empty() ? text : text + ": " + words;
}

void add_doubts(const Situation& situation, std::string_view name, Answer& answer) {
  if (situation.chronicle().forgotten(name)) {
    answer.causes.push_back({CauseKind::Forgotten,
                             std::string(name),
                             {},
                             {},
                             {},
                             "its runs of that time are no longer on record"});
  }
  if (const auto at = situation.chronicle().replaced_later()) {
    answer.causes.push_back({CauseKind::Replaced,
                             {},
                             {},
                             at,
                             {},
                             "the configuration was replaced after that: how it was before is on "
                             "no record"});
  }
}

// Answers for a process that an earlier configuration had and the latest one does not have.
Answer of_removed(const Situation& situation, const ProcessHistory& process, const Run& run) {
  Answer answer;
  answer.state = name_of(run.state);
  answer.answer = sentence(process, run);
  if (is_terminal(run.state)) add_end(situation, process, run, answer);
  answer.causes.push_back({CauseKind::Replaced,
                           process.name,
                           {},
                           situation.history().replacements().empty()
                               ? std::optional<Microseconds>()
                               : situation.history().replacements().back().at.wall,
                           {},
                           "the configuration of now does not have it"});
  return answer;
}

// Adds the end of the run that was asked about, with what the run used.
void add_asked_end(const Situation& situation, const ProcessHistory& process, const Run& run,
                   Answer& answer) {
  add_end(situation, process, run, answer);
  const std::string used = usage_text(run.usage);
  if (!used.empty()) answer.causes.front().text += "; it used " + used;
}

Answer of_run(const Situation& situation, ProcessIndex p, const Run& run) {
  const ProcessHistory& past = *situation.standing().past(p);
  Answer answer;
  answer.state = name_of(run.state);
  if (is_terminal(run.state)) {
    answer.answer = sentence(past, run);
    add_asked_end(situation, past, run, answer);
  } else {
    add_under_way(situation, p, answer);
    answer.answer = answer.causes.front().text;
  }
  // A run of an earlier definition had other needs, and so had one of another task.
  if (!run.taken_over_from().empty()) return answer;
  if (run.number >= past.redefined) add_beginning(situation, p, run, answer);
  return answer;
}

Answer of_process(const Situation& situation, ProcessIndex p) {
  const Standing& standing = situation.standing();
  const ProcessHistory* past = standing.past(p);
  const std::string name = printable(situation.config(p).name);
  if (standing.live(p)) return of_run(situation, p, *past->current());
  if (standing.over(p) && past->current() != nullptr) {
    Answer answer = of_run(situation, p, *past->current());
    if (standing.failed(p)) answer.answer += ", for good";
    return answer;
  }
  const bool ran = past != nullptr && past->current() != nullptr && past->begun();
  const bool never = situation.never(p) || situation.past_stage(p);
  if (ran && never) {
    Answer answer = of_run(situation, p, *past->current());
    answer.answer += ", and does not run again";
    const auto is_of_task = [](const Cause& cause) { return cause.process.empty(); };
    const bool said = std::any_of(answer.causes.begin(), answer.causes.end(), is_of_task);
    if (!said) add_wait(situation, p, answer);
    return answer;
  }
  Answer answer;
  answer.state = name_of(ran ? past->current()->state : ProcessState::Waiting);
  add_wait(situation, p, answer);
  const std::string head =
      answer.causes.empty() ? "nothing holds it back" : answer.causes.front().text;
  if (never) {
    answer.answer = name + " never ran and will not: " + head;
  } else {
    answer.answer = head;
  }
  return answer;
}

}  // namespace

Result<Answer> why_process(const Situation& situation, std::string_view name,
                           std::optional<std::uint32_t> run) {
  const auto p = situation.find(name);
  const auto known = situation.history().find(name);
  const ProcessHistory* past = known ? &situation.history().process(*known) : nullptr;
  const Run* const last = past != nullptr ? past->current() : nullptr;
  if (!p && last == nullptr) return not_found(situation, name);
  const Run* asked = run && past != nullptr ? past->run(*run) : nullptr;
  if (run && asked == nullptr) return no_such_run(past, name, *run);
  Answer answer;
  if (!p) {
    answer = of_removed(situation, *past, asked != nullptr ? *asked : *last);
  } else {
    answer = asked != nullptr ? of_run(situation, *p, *asked) : of_process(situation, *p);
  }
  answer.process = name;
  answer.run = run;
  if (!answer.run && past != nullptr && past->current() != nullptr) {
    answer.run = past->current()->number;
  }
  add_doubts(situation, name, answer);
  return answer;
}

}  // namespace thermos
