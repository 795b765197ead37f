// The progress of a running task: which of its processes run, wait to run again, are done or
// failed. It is updated record by record, so that a task of any size is cheap to show.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/name_index.h"
#include "core/base/times.h"
#include "core/record/history.h"
#include "core/record/state.h"
#include "core/task/task.h"

namespace thermos {

class RunProgress {
 public:
  enum class Stage : std::uint8_t {
    Idle,     // the process has not run yet, or is held by an order
    Running,  // it was launched and has not ended
    Again,    // it ended and is to run again
    Done,     // it succeeded and will not run again
    Failed,   // it has reached max_failures
  };
  static constexpr std::size_t kStages = 5;

  // A process that runs, or is to run again.
  struct Entry {
    std::string_view name;
    Microseconds at = 0;  // boot time: when it started, or when it may run again
    std::string attempt;  // attempt_text(); "" before the first failure
  };

  // `task` outlives this.
  explicit RunProgress(const TaskConfig& task);

  // Starts from the task's recorded history. `now` is the time from which time_left() measures the
  // pace.
  void begin(const History& history, Timestamp now);
  // Updates the progress after a record about a process, or about the task. `history` includes the
  // record.
  void update(std::string_view process, const History& history);
  void update(const History& history);

  // Returns the index of a process of the task; nothing if there is none of that name.
  std::optional<ProcessIndex> index_of(std::string_view process) const;
  std::size_t count(Stage stage) const { return counts_[static_cast<std::size_t>(stage)]; }
  // The number of processes that end: all but daemons.
  std::size_t total() const { return total_; }
  // The number of those that have succeeded or failed for good.
  std::size_t ended() const { return ended_; }

  // Return at most `most` entries: running() of the running processes, in the order of their
  // starts; again() of those that are to run again, in the order in which they may.
  std::vector<Entry> running(std::size_t most) const;
  std::vector<Entry> again(std::size_t most) const;

  // The last step of the task; nothing before the first.
  const std::optional<TaskStep>& step() const { return step_; }
  // The reason of the latest task status that has one, such as the one that left ACTIVE.
  const std::string& why_it_ends() const { return why_it_ends_; }

  // Sets the boot time at which the task is expected to end, by the times of earlier runs; nothing:
  // not known.
  void expect_end(std::optional<Microseconds> at) { expected_end_ = at; }
  // Returns the time left until the expected end, or else an estimate by the pace so far. Returns
  // nothing if there is no good estimate: too few processes have ended, few are left besides those
  // that run, some are to run again, or the task is ending.
  std::optional<Microseconds> time_left(Timestamp now) const;

 private:
  struct Place {
    Stage stage = Stage::Idle;
    Microseconds at = 0;
  };
  void take(ProcessIndex p, const ProcessHistory& past);
  Place place_of(ProcessIndex p, const ProcessHistory& past) const;
  void move(ProcessIndex p, const Place& place);
  std::vector<Entry> first(const std::set<std::pair<Microseconds, ProcessIndex>>& all,
                           std::size_t most) const;

  const TaskConfig& task_;
  NameIndex by_name_;
  std::vector<Place> places_;
  std::vector<std::uint64_t> failures_;  // the number of failures of each process
  std::array<std::size_t, kStages> counts_{};
  std::set<std::pair<Microseconds, ProcessIndex>> running_;
  std::set<std::pair<Microseconds, ProcessIndex>> again_;
  std::size_t total_ = 0;
  std::size_t ended_ = 0;
  std::size_t ended_before_ = 0;  // ended_ at begin()
  Timestamp began_;
  std::optional<Microseconds> expected_end_;
  std::optional<TaskStep> step_;
  std::string why_it_ends_;
};

// Returns "attempt 2/5" for attempt 2 of a process with max_failures 5; "attempt 2" if there is no
// limit, and "" if there is only one attempt.
std::string attempt_text(const ProcessConfig& process, std::uint64_t attempt);

}  // namespace thermos
