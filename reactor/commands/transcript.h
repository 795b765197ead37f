// What `thermos run` shows: every transition as it happens, a live line of counts beneath on a
// terminal, and the outcome.
#pragma once

#include <optional>
#include <string>

#include "reactor/commands/output.h"
#include "reactor/commands/transcript_text.h"
#include "reactor/host/task_observer.h"

namespace thermos {

class Transcript : public TaskObserver {
 public:
  struct Settings {
    bool quiet = false;  // nothing but the outcome of a task that did not succeed
    LineStyle style;
    std::size_t processes = 0;  // of the task
  };

  // Lines go to `out`. `live` takes the live line: a terminal, `out` itself where that is one; null
  // for none. Both outlive this.
  Transcript(const Settings& settings, Output& out, Output* live);

  void on_record(const Record& record, const History& history) override;
  std::optional<Microseconds> on_turn(Runner& runner, Timestamp now) override;

  // The task is over: takes the live line away and shows the outcome, on `errors` when quiet.
  void finish(Output& errors);

 private:
  void line(const std::string& text);
  void erase_live();

  Settings settings_;
  Output& out_;
  Output* live_;
  std::string shown_;  // the live line as it stands; empty: none
  std::optional<Microseconds> drawn_at_;
  std::string outcome_;
  bool succeeded_ = false;
  bool live_due_ = true;
  std::optional<Microseconds> live_changes_at_;
};

}  // namespace thermos
