// How far a running task is: which of its processes run, wait to run again, are done or failed.
// It is kept up to date record by record, so that a task of any size is cheap to show.
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
    Idle,     // it has not run yet, or is held by an order
    Running,  // it was launched
    Again,    // it ended and is to run again
    Done,     // it succeeded and will not run again
    Failed,   // it failed as often as it may
  };
  static constexpr std::size_t kStages = 5;

  // A process that runs, or is to run again.
  struct Entry {
    std::string_view name;
    Microseconds at = 0;  // boot time: of its start, or when it may run again
    std::string attempt;  // as attempt_text()
  };

  // `task` outlives this.
  explicit RunProgress(const TaskConfig& task);

  // Starts from what is recorded of the task; `now` is the time from which time_left() counts.
  void begin(const History& history, Timestamp now);
  // Something was recorded about a process, or about the task; `history` includes it.
  void update(std::string_view process, const History& history);
  void update(const History& history);

  // The index of a process of the task.
  std::optional<ProcessIndex> index_of(std::string_view process) const;
  std::size_t count(Stage stage) const { return counts_[static_cast<std::size_t>(stage)]; }
  // The processes that have an end: all but daemons.
  std::size_t total() const { return total_; }
  // How many of them have ended for good.
  std::size_t ended() const { return ended_; }

  // At most `most` of the processes that run, those that started first in front; or of those that
  // are to run again, the next in front.
  std::vector<Entry> running(std::size_t most) const;
  std::vector<Entry> again(std::size_t most) const;

  // The last step of the task; nothing before the first.
  const std::optional<TaskStep>& step() const { return step_; }
  // The reason with which the task left ACTIVE.
  const std::string& why_it_ends() const { return why_it_ends_; }

  // The boot time at which the task is expected to end, by the times of earlier runs; nothing: not
  // known.
  void expect_end(std::optional<Microseconds> at) { expected_end_ = at; }
  // What is left until then, or else an estimate by the pace so far. Nothing where there is no
  // telling: too few have ended, what is left is hardly more than what runs, or the task is ending.
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
  std::vector<std::uint64_t> failures_;  // of each process
  std::array<std::size_t, kStages> counts_{};
  std::set<std::pair<Microseconds, ProcessIndex>> running_;
  std::set<std::pair<Microseconds, ProcessIndex>> again_;
  std::size_t total_ = 0;
  std::size_t ended_ = 0;
  std::size_t ended_before_ = 0;  // at begin()
  Timestamp began_;
  std::optional<Microseconds> expected_end_;
  std::optional<TaskStep> step_;
  std::string why_it_ends_;
};

// "attempt 2/5" for the try after, or of, `failures` failures; "attempt 2" where there is no limit,
// and "" where there is one attempt only.
std::string attempt_text(const ProcessConfig& process, std::uint64_t attempt);

}  // namespace thermos
