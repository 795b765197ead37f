#include "reactor/commands/transcript.h"

#include <algorithm>
#include <variant>

#include "reactor/commands/text.h"

namespace thermos {
namespace {

constexpr Microseconds kRedraw = kSecond / 10;
constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

Transcript::Transcript(const Settings& settings, Output& out, Output* live)
    : settings_(settings), out_(out), live_(settings_.quiet ? nullptr : live) {}

void Transcript::erase_live() {
  if (shown_.empty()) return;
  live_->write(kEraseLine);
  shown_.clear();
}

void Transcript::line(const std::string& text) {
  if (settings_.quiet) return;
  erase_live();
  out_.write(text + "\n");
}

void Transcript::on_record(const Record& record, const History& history) {
  live_due_ = true;
  if (const auto* header = std::get_if<RunnerHeader>(&record)) {
    line(header_line(*header, settings_.style));
  } else if (const auto* process = std::get_if<ProcessStatus>(&record)) {
    const auto index = history.find(process->process);
    // The history has all records of the turn, and the next run may have started in it.
    const Run* run = index ? history.process(*index).run(process->run) : nullptr;
    if (run != nullptr) line(process_line(*process, *run, settings_.style));
  } else if (const auto* report = std::get_if<ProcessReport>(&record)) {
    // A status may change every second; `thermos status` shows it.
    const bool chatty = report->kind == ReportKind::Status || report->kind == ReportKind::Extended;
    if (!chatty) line(report_line(*report, settings_.style));
  } else if (const auto* task = std::get_if<TaskStatus>(&record)) {
    if (is_terminal(task->state)) {
      // The history belongs to the runner and is destroyed with it.
      outcome_ = outcome_text(history, settings_.processes, settings_.style);
      succeeded_ = task->state == TaskState::Success;
      return;
    }
    const auto& steps = history.steps();
    const bool again = steps.size() >= 2 && steps[steps.size() - 2].status.state == task->state;
    line(task_line(*task, again, settings_.style));
  }
}

std::optional<Microseconds> Transcript::on_turn(Runner& runner, Timestamp now) {
  if (out_.backlog()) out_.flush(false);
  if (runner.done() && outcome_.empty()) {
    outcome_ = outcome_text(runner.history(), settings_.processes, settings_.style);
    succeeded_ = runner.state() == TaskState::Success;
  }
  if (live_ == nullptr) return std::nullopt;
  // A terminal that was stopped (Ctrl-S) then shows the newest counts, not all in between.
  if (live_->backlog()) return now.boot + kSecond;
  const bool due = live_due_ || (live_changes_at_ && *live_changes_at_ <= now.boot);
  if (!due) return live_changes_at_;
  if (drawn_at_ && now.boot - *drawn_at_ < kRedraw) return *drawn_at_ + kRedraw;

  const Runner::Counts counts = runner.counts(now);
  const std::size_t columns = std::max<std::size_t>(live_->columns(), 2);
  // One column stays free, because some terminals wrap a full line.
  const std::string text = cut_end(live_text(counts, now), columns - 1);
  if (text != shown_) {
    live_->write(std::string(kEraseLine).append(text));
    shown_ = text;
    drawn_at_ = now.boot;
  }
  live_due_ = false;
  live_changes_at_ = live_text_changes_at(counts, now);
  return live_changes_at_;
}

void Transcript::finish(Output& errors) {
  if (live_ != nullptr) {
    erase_live();
    live_->flush(true);
  }
  if (!settings_.quiet) {
    out_.write(outcome_);
  } else if (!succeeded_) {
    errors.print(outcome_);
  }
  out_.flush(true);
}

}  // namespace thermos
