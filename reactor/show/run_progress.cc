#include "reactor/show/run_progress.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "core/runner/outlook.h"

namespace thermos {

RunProgress::RunProgress(const TaskConfig& task)
    : task_(task), places_(task.processes.size()), failures_(task.processes.size()) {
  by_name_.reserve(task.processes.size());
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    by_name_.add(task.processes[p].name, p);
    if (!task.processes[p].daemon) ++total_;
  }
  counts_[static_cast<std::size_t>(Stage::Idle)] = places_.size();
}

void RunProgress::begin(const History& history, Timestamp now) {
  for (const ProcessHistory& process : history.processes()) {
    if (const auto p = index_of(process.name)) take(*p, process);
  }
  update(history);
  ended_before_ = ended_;
  began_ = now;
}

void RunProgress::update(std::string_view process, const History& history) {
  const auto p = index_of(process);
  const auto found = history.find(process);
  if (!p || !found) return;
  take(*p, history.process(*found));
}

void RunProgress::take(ProcessIndex p, const ProcessHistory& past) {
  failures_[p] = past.failures();
  move(p, place_of(p, past));
}

void RunProgress::update(const History& history) {
  if (history.steps().empty()) return;
  step_ = history.steps().back();
  if (!step_->reason.empty()) why_it_ends_ = step_->reason;
}

std::optional<ProcessIndex> RunProgress::index_of(std::string_view process) const {
  return by_name_.find(
      process, [this](ProcessIndex p) { return std::string_view(task_.processes[p].name); });
}

RunProgress::Place RunProgress::place_of(ProcessIndex p, const ProcessHistory& past) const {
  const ProcessConfig& process = task_.processes[p];
  const Run* run = past.current();
  if (run == nullptr || !past.begun()) return {};
  if (past.live()) {
    // WAITING is the decision to launch; nothing runs yet.
    if (run->state == ProcessState::Waiting) return {};
    return {Stage::Running, (run->started ? *run->started : *run->forked).boot};
  }
  if (past.successes() > 0 && !process.daemon) return {Stage::Done};
  if (process.max_failures != 0 && past.failures() >= process.max_failures) {
    return {Stage::Failed};
  }
  if (past.held || !past.last_end) return {};
  const Microseconds ended = past.last_end->wall;
  // Computed from the wall time of the end, so that the wait does not depend on the current clocks.
  const auto next = outlook_of(task_, p, past, ended).next_try;
  return {Stage::Again, past.last_end->boot + (next ? *next - ended : 0)};
}

void RunProgress::move(ProcessIndex p, const Place& place) {
  const bool counts = !task_.processes[p].daemon;
  const auto over = [](Stage stage) { return stage == Stage::Done || stage == Stage::Failed; };
  Place& now = places_[p];
  --counts_[static_cast<std::size_t>(now.stage)];
  if (counts && over(now.stage)) --ended_;
  if (now.stage == Stage::Running) running_.erase({now.at, p});
  if (now.stage == Stage::Again) again_.erase({now.at, p});
  now = place;
  ++counts_[static_cast<std::size_t>(now.stage)];
  if (counts && over(now.stage)) ++ended_;
  if (now.stage == Stage::Running) running_.emplace(now.at, p);
  if (now.stage == Stage::Again) again_.emplace(now.at, p);
}

std::vector<RunProgress::Entry> RunProgress::first(
    const std::set<std::pair<Microseconds, ProcessIndex>>& all, std::size_t most) const {
  std::vector<Entry> entries;
  for (auto it = all.begin(); it != all.end() && entries.size() < most; ++it) {
    const ProcessConfig& process = task_.processes[it->second];
    const std::uint64_t failures = failures_[it->second];
    entries.push_back({process.name, it->first,
                       failures == 0 ? std::string() : attempt_text(process, failures + 1)});
  }
  return entries;
}

std::vector<RunProgress::Entry> RunProgress::running(std::size_t most) const {
  return first(running_, most);
}

std::vector<RunProgress::Entry> RunProgress::again(std::size_t most) const {
  return first(again_, most);
}

std::optional<Microseconds> RunProgress::time_left(Timestamp now) const {
  constexpr std::size_t kFew = 10;
  const std::size_t seen = ended_ - std::min(ended_, ended_before_);
  const std::size_t left = total_ - std::min(total_, ended_);
  if (!step_ || step_->status.state != TaskState::Active) return std::nullopt;
  if (expected_end_ && *expected_end_ > now.boot) return *expected_end_ - now.boot;
  if (seen < kFew) return std::nullopt;
  // Near the end, the pace so far says nothing about the last processes.
  if (left <= 2 * count(Stage::Running) || count(Stage::Again) > 0) return std::nullopt;
  const Microseconds took = now.boot - began_.boot;
  if (took <= 0) return std::nullopt;
  return static_cast<Microseconds>(static_cast<double>(took) / static_cast<double>(seen) *
                                   static_cast<double>(left));
}

std::string attempt_text(const ProcessConfig& process, std::uint64_t attempt) {
  if (process.max_failures == 1) return {};
  if (process.max_failures == 0) return fmt::format("attempt {}", attempt);
  return fmt::format("attempt {}/{}", attempt, process.max_failures);
}

}  // namespace thermos
