// The screen of `thermos run`: the transcript on standard output, the live block on a terminal, and
// with --output what the processes print.
#pragma once

#include <optional>

#include "core/record/paths.h"
#include "core/task/task.h"
#include "reactor/cli/output.h"
#include "reactor/commands/run_options.h"
#include "reactor/commands/run_output.h"
#include "reactor/show/transcript.h"
#include "reactor/views/time_left.h"

namespace thermos {

class RunScreen {
 public:
  // `task` outlives this. The live block estimates the time left from earlier tasks under `root`,
  // if that is given.
  RunScreen(const TaskConfig& task, const RunOptions& options, const CommonOptions& common,
            const std::optional<Paths>& root);
  ~RunScreen();
  RunScreen(const RunScreen&) = delete;
  RunScreen& operator=(const RunScreen&) = delete;

  Transcript& transcript() { return *transcript_; }
  // Sets the loop on which the task runs; nullptr when the loop ends.
  void enter(Reactor* reactor);
  // Erases the live block and prints `line` on standard error.
  void leave(const std::string& line);
  // Call this when the task has ended: prints the outcome.
  void finish();

 private:
  Output out_;
  Output errors_;
  bool shared_ = false;  // log messages go to the terminal of the live block
  std::optional<TimeLeftLine> left_;
  std::optional<RunOutput> output_;
  std::optional<Transcript> transcript_;
};

}  // namespace thermos
