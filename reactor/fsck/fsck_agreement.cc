// Compares a coordinator's stream with the runner's history.
#include <algorithm>
#include <utility>

#include "reactor/fsck/fsck_task.h"

namespace thermos {
namespace {

// Returns whether `run` has this transition.
bool agrees(const Run& run, const ProcessStatus& status) {
  if (status.seq > run.seq) return false;
  switch (status.state) {
    case ProcessState::Waiting:
      return false;
    case ProcessState::Forked:
      return run.forked == status.at && run.coordinator == status.identity &&
             run.boot == status.boot;
    case ProcessState::Running:
      return run.started == status.at && run.process == status.identity;
    default:
      // If an order ended the run, the runner records the end that the order gives, whatever the
      // coordinator wrote.
      return run.seq == status.seq && run.stopped == status.at &&
             (run.state == status.state || run.origin == Origin::Ordered ||
              run.origin == Origin::EndedByRunner) &&
             run.return_code == status.return_code;
  }
}

}  // namespace

void TaskCheck::check_agreement(const CoordinatorReading& coordinator) {
  const auto index = history_.find(coordinator.process);
  const ProcessHistory* past = index ? &history_.process(*index) : nullptr;
  const std::uint64_t next_seq = past == nullptr ? 0 : past->next_seq;
  for (std::size_t i = 0; i < coordinator.transitions.size(); ++i) {
    const SeenTransition& seen = coordinator.transitions[i];
    if (seen.status.seq >= next_seq) {
      check_unread(coordinator, i);
      return;
    }
    // Run numbers have no gaps; compaction may have dropped the oldest runs.
    if (past->runs.empty() || seen.status.run < past->runs.front().number) continue;
    const Run* run = past->run(seen.status.run);
    if (run != nullptr && agrees(*run, seen.status)) continue;
    Finding& finding =
        find(Severity::Error, coordinator.stream.path,
             "record " + std::to_string(seen.status.seq) + ", " +
                 std::string(name_of(seen.status.state)) + " of run " +
                 std::to_string(seen.status.run) + ", is not what the runner's history has",
             "the bytes are kept; one of the two files comes from elsewhere");
    finding.corrupt = true;
    finding.offset = seen.offset;
    return;  // later differences are consequences of this one
  }
}

// Checks the records from number `first` on, which no runner has copied.
void TaskCheck::check_unread(const CoordinatorReading& coordinator, std::size_t first) {
  const std::size_t count = coordinator.transitions.size() - first;
  const SeenTransition& begin = coordinator.transitions[first];
  const std::string what = std::to_string(count) + (count == 1 ? " record" : " records") +
                           " beyond the runner's history, up to " +
                           std::string(name_of(coordinator.transitions.back().status.state)) +
                           " of run " + std::to_string(coordinator.transitions.back().status.run);
  if (is_terminal(history_.state())) {
    Finding& finding = find(Severity::Error, coordinator.stream.path,
                            what + ", and the task has ended: these runs are not in its history");
    finding.offset = begin.offset;
    return;
  }
  if (now_.led) return;  // the leader is copying them
  // Applies them as the next leader will, which writes a header first if there is none.
  History ahead = history_;
  if (!ahead.header()) static_cast<void>(ahead.apply(RunnerHeader{}).ok());
  for (std::size_t i = first; i < coordinator.transitions.size(); ++i) {
    ProcessStatus status = coordinator.transitions[i].status;
    status.process = coordinator.process;
    if (const auto waiting = ahead.missing_waiting(status)) {
      static_cast<void>(ahead.apply(*waiting).ok());
    }
    const auto applied = ahead.apply(status);
    if (applied) continue;
    Finding& finding = find(Severity::Error, coordinator.stream.path, applied.error().message,
                            "the bytes are kept; restore the file, or run the task under another "
                            "id");
    finding.corrupt = true;
    finding.offset = coordinator.transitions[i].offset;
    return;
  }
  find(Severity::Note, coordinator.stream.path, what, "the next leader reads them").offset =
      begin.offset;
}

}  // namespace thermos
