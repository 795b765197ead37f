// The output of `thermos run`. To a file or a pipe it prints every transition when it happens. On a
// terminal it prints the runs that ended badly, and below them a live block. At the end it prints
// the outcome.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "reactor/cli/output.h"
#include "reactor/host/task_observer.h"
#include "reactor/show/live_block.h"
#include "reactor/show/run_progress.h"
#include "reactor/show/screen.h"
#include "reactor/views/failures.h"
#include "reactor/views/record_lines.h"

namespace thermos {

class Transcript : public TaskObserver {
 public:
  struct Settings {
    bool quiet = false;    // print only the outcome, and only if something failed
    bool verbose = false;  // print every transition, also on a terminal
    // Lines go to a terminal: only runs that ended badly have one, and each is cut to the width.
    bool terminal = false;
    LineStyle style;
    bool live_colour = false;  // whether the live block and the outcome on `errors` are coloured
    // A terminal on which, if there is no live block, a note says what a Ctrl-C does; or null.
    Output* notes = nullptr;
    // Called once, in the first turn, with the history so far.
    std::function<void(const History&)> on_begin;
    // Called with each record of a process, before its line is printed.
    std::function<void(const ProcessStatus&, const History&)> on_process;
    // Called at the end of a turn if some of its text could not be written yet.
    std::function<void()> on_backlog;
    // Called when the live block is drawn. Returns the time until the task ends, if that is known.
    std::function<std::optional<Microseconds>(const History&, Timestamp)> left;
  };

  // Lines go to `out`. The live block goes to `live`: a terminal (`out` itself if that is one), or
  // null for no live block. All of them, and `task`, outlive this.
  Transcript(const Settings& settings, const TaskConfig& task, Output& out, Output* live);

  void on_record(const Record& record, const History& history) override;
  std::optional<Microseconds> on_turn(Runner& runner, Timestamp now) override;

  // Does the same for a task that another program leads. `done` means that the task has ended.
  std::optional<Microseconds> turn(const History& history, bool done, Timestamp now);

  // Prints lines of a process's output, each with its newline. They appear with the next on_turn()
  // or draw().
  void print(std::string_view lines);
  void draw(Timestamp now);
  // Erases the live block and prints the lines that are left. Blocks.
  void erase();

  // Call this when the task has ended. Erases the live block, calls `rest`, which prints the rest
  // of the processes' output, and prints the outcome, to `errors` if quiet.
  void finish(Output& errors, const std::function<void()>& rest = {});

 private:
  void line(const std::string& text);
  void write_lines();
  void begin(const History& history);
  void take(const ProcessStatus& status, const History& history);
  void take(const TaskStatus& status, const History& history);
  void take_end(const History& history);
  void say_what_a_signal_does(const TaskStatus& status);
  Next next_of(const ProcessStatus& status, const ProcessHistory& past) const;
  bool brief() const { return settings_.terminal && !settings_.verbose; }
  std::size_t columns() const;

  Settings settings_;
  const TaskConfig& task_;
  Output& out_;
  Output* live_;
  std::optional<Screen> screen_;
  RunProgress progress_;
  bool begun_ = false;
  std::string lines_;  // not written yet
  std::optional<Microseconds> drawn_at_;
  std::optional<Microseconds> changes_at_;
  Microseconds latest_ = 0;  // the latest time that was printed
  std::string outcome_;
  bool silent_ = false;   // the outcome is not printed: quiet, and nothing failed
  bool in_turn_ = false;  // records came in a turn that has not ended yet
  bool due_ = true;
};

}  // namespace thermos
