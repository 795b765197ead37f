#include "reactor/show/transcript.h"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "core/runner/outlook.h"
#include "reactor/cli/terminal_text.h"

namespace thermos {
namespace {

constexpr Microseconds kRedraw = kSecond / 10;

bool ended_badly(ProcessState state) {
  return state == ProcessState::Failed || state == ProcessState::Killed ||
         state == ProcessState::Lost;
}

}  // namespace

Transcript::Transcript(const Settings& settings, const TaskConfig& task, Output& out, Output* live)
    : settings_(settings),
      task_(task),
      out_(out),
      live_(settings_.quiet ? nullptr : live),
      progress_(task) {
  if (live_ != nullptr) screen_.emplace(*live_);
  settings_.style.cut_names = settings_.terminal;
}

std::size_t Transcript::columns() const {
  return std::max<std::size_t>(out_.columns(), 2) - 1;
}

void Transcript::line(const std::string& text) {
  if (settings_.quiet) return;
  lines_ += settings_.terminal ? cut_line(text, columns()) : text;
  lines_ += '\n';
}

void Transcript::print(std::string_view lines) {
  lines_ += lines;
  // This call may come outside of a turn of the task.
  if (!in_turn_) write_lines();
}

// Writes the lines of a turn together at its end, when its records are written, so that a reader of
// a line can rely on the record. With the live block, they are written by draw().
void Transcript::write_lines() {
  if (live_ == &out_ || lines_.empty()) return;
  out_.write(lines_);
  lines_.clear();
}

void Transcript::begin(const History& history) {
  if (begun_) return;
  begun_ = true;
  // The runner found this task already prepared with its header, so on_record() did not get that.
  const auto& header = history.header();
  if (header && !header->continues.empty() && history.steps().size() <= 1) {
    line((brief() ? place_text(*header) : header_line(*header, settings_.style)) + ": " +
         taken_over_text(history));
  }
  const Timestamp at = history.steps().empty() ? Timestamp() : history.steps().back().status.at;
  progress_.begin(history, at);
}

void Transcript::on_record(const Record& record, const History& history) {
  due_ = true;
  in_turn_ = true;
  if (const auto* header = std::get_if<RunnerHeader>(&record)) {
    line(brief() ? place_text(*header) : header_line(*header, settings_.style));
  } else if (const auto* process = std::get_if<ProcessStatus>(&record)) {
    begin(history);
    take(*process, history);
  } else if (const auto* report = std::get_if<ProcessReport>(&record)) {
    // A status may change every second; `thermos status` shows it.
    const bool chatty = report->kind == ReportKind::Status || report->kind == ReportKind::Extended;
    if (!chatty && !brief()) line(report_line(*report, settings_.style));
  } else if (const auto* replacement = std::get_if<Replacement>(&record)) {
    line(replacement_line(*replacement, settings_.style));
  } else if (const auto* place = std::get_if<Leadership>(&record)) {
    const bool plain = place->engine.empty() && !place->yields && place->decision.empty();
    if (!plain && (!brief() || place->engine.empty() || place->yields)) {
      line(leadership_line(*place, settings_.style));
    }
  } else if (const auto* change = std::get_if<NodeChange>(&record)) {
    line(node_line(*change, settings_.style));
  } else if (const auto* task = std::get_if<TaskStatus>(&record)) {
    if (task->shortage != Shortage::None) return;  // the log says it
    begin(history);
    take(*task, history);
  }
}

void Transcript::take(const ProcessStatus& status, const History& history) {
  progress_.update(status.process, history);
  if (settings_.on_process) settings_.on_process(status, history);
  const auto index = history.find(status.process);
  // The history has all records of the turn, and the next run may have started in it.
  const ProcessHistory* past = index ? &history.process(*index) : nullptr;
  const Run* run = past != nullptr ? past->run(status.run) : nullptr;
  if (run == nullptr) return;
  // Coordinators and the runner record times independently; on the screen they don't run backwards.
  ProcessStatus shown = status;
  shown.at.wall = latest_ = std::max(latest_, status.at.wall);
  const bool bad = ended_badly(status.state);
  if (!brief()) {
    const bool again = bad && next_of(status, *past).again;
    return line(process_line(shown, *run, settings_.style, again));
  }
  if (!bad) return;
  // Processes that were stopped because the task ends are not reported.
  if (history.state() != TaskState::Active && status.state != ProcessState::Failed) return;
  line(bad_end_line(shown, *run, next_of(status, *past), settings_.style, columns()));
}

Next Transcript::next_of(const ProcessStatus& status, const ProcessHistory& past) const {
  Next next;
  const auto p = progress_.index_of(status.process);
  if (!p) return next;
  const ProcessConfig& process = task_.processes[*p];
  if (status.state == ProcessState::Failed) {
    next.attempt = attempt_text(process, past.totals.failed);
  }
  const bool for_good = process.max_failures != 0 && past.totals.failed >= process.max_failures;
  const bool active = !progress_.step() || progress_.step()->status.state == TaskState::Active;
  next.again = (active || process.final) && !for_good && !past.held;
  if (!next.again || past.next_run > status.run + 1) return next;
  const Outlook outlook = outlook_of(task_, *p, past, status.at.wall);
  if (outlook.next_try) next.wait = *outlook.next_try - status.at.wall;
  return next;
}

void Transcript::take(const TaskStatus& status, const History& history) {
  progress_.update(history);
  if (is_terminal(status.state)) return take_end(history);
  say_what_a_signal_does(status);
  const auto& steps = history.steps();
  const bool again = steps.size() >= 2 && steps[steps.size() - 2].status.state == status.state;
  if (brief() && !(again && status.state == TaskState::Active)) return;
  TaskStatus shown = status;
  shown.at.wall = latest_ = std::max(latest_, status.at.wall);
  line(task_line(shown, again, settings_.style));
}

void Transcript::say_what_a_signal_does(const TaskStatus& status) {
  if (settings_.notes == nullptr || live_ != nullptr || status.reason != "SIGINT") return;
  const auto words = ending_words(progress_, status.at, settings_.notes->columns());
  if (words) settings_.notes->write(*words + "\n");
}

// The history belongs to the runner and is destroyed with it.
void Transcript::take_end(const History& history) {
  LineStyle style = settings_.style;
  if (settings_.quiet) style.colour = settings_.live_colour;
  const std::vector<FailedRun> failures = failures_of(history);
  silent_ = settings_.quiet && history.state() == TaskState::Success && failures.empty();
  std::string line = outcome_line(history, task_.processes.size(), style);
  if (settings_.terminal) line = wrapped(line, columns(), 2);
  outcome_ = line + "\n";
  if (!history.header()) return;
  outcome_ += failures_text(failures, log_end_reader(*history.header(), ::geteuid()), style);
}

std::optional<Microseconds> Transcript::on_turn(Runner& runner, Timestamp now) {
  return turn(runner.history(), runner.done(), now);
}

std::optional<Microseconds> Transcript::turn(const History& history, bool done, Timestamp now) {
  begin(history);
  // After the line that says that the task is resumed.
  if (settings_.on_begin) std::exchange(settings_.on_begin, {})(history);
  in_turn_ = false;
  write_lines();
  if (out_.backlog()) out_.flush(false);
  if (out_.backlog() && settings_.on_backlog) settings_.on_backlog();
  if (done && outcome_.empty()) take_end(history);
  if (live_ == nullptr) return std::nullopt;
  // A terminal that was stopped (Ctrl-S) then shows the newest state, not all in between.
  if (live_->backlog() && lines_.empty()) return now.boot + kSecond;
  const bool due = due_ || (changes_at_ && *changes_at_ <= now.boot);
  if (lines_.empty() && !due) return changes_at_;
  if (lines_.empty() && drawn_at_ && now.boot - *drawn_at_ < kRedraw) return *drawn_at_ + kRedraw;
  if (settings_.left && !done) {
    const auto left = settings_.left(history, now);
    progress_.expect_end(left ? std::optional(now.boot + *left) : std::nullopt);
  }
  draw(now);
  return changes_at_;
}

void Transcript::draw(Timestamp now) {
  if (!screen_ || in_turn_) return;
  LineStyle style = settings_.style;
  style.colour = settings_.live_colour;
  screen_->show(lines_, live_block(progress_, now, {live_->columns(), live_->rows()}, style));
  lines_.clear();
  drawn_at_ = now.boot;
  due_ = false;
  changes_at_ = live_block_changes_at(progress_, now);
}

void Transcript::erase() {
  if (screen_) {
    screen_->show(lines_, {});
    lines_.clear();
    live_->flush(true);
  }
  write_lines();
  // From now on, lines need not wait for the block.
  live_ = nullptr;
  screen_.reset();
}

void Transcript::finish(Output& errors, const std::function<void()>& rest) {
  erase();
  if (rest) rest();
  write_lines();
  if (!settings_.quiet) {
    out_.write(outcome_);
  } else if (!silent_) {
    errors.print(outcome_);
  }
  out_.flush(true);
}

}  // namespace thermos
