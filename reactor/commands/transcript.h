// The output of `thermos run`: every transition when it happens, on a terminal a live line of
// counts below them, and the outcome.
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
    bool quiet = false;  // print only the outcome of a task that did not succeed
    LineStyle style;
    std::size_t processes = 0;  // the number of the task's processes
  };

  // Lines go to `out`. The live line goes to `live`: a terminal (`out` itself if that is one), or
  // null for no live line. Both outlive this.
  Transcript(const Settings& settings, Output& out, Output* live);

  void on_record(const Record& record, const History& history) override;
  std::optional<Microseconds> on_turn(Runner& runner, Timestamp now) override;

  // Call this when the task has ended: it erases the live line and prints the outcome, to `errors`
  // if quiet.
  void finish(Output& errors);

 private:
  void line(const std::string& text);
  void erase_live();

  Settings settings_;
  Output& out_;
  Output* live_;
  std::string shown_;  // the live line on the screen; empty: none
  std::optional<Microseconds> drawn_at_;
  std::string outcome_;
  bool succeeded_ = false;
  bool live_due_ = true;
  std::optional<Microseconds> live_changes_at_;
};

}  // namespace thermos
