#include "reactor/commands/run_screen.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "reactor/cli/terminal_text.h"
#include "reactor/commands/log_rotate_option.h"
#include "reactor/os/log_lines.h"
#include "reactor/views/record_lines.h"

namespace thermos {

RunScreen::RunScreen(const TaskConfig& task, const RunOptions& options, const CommonOptions& common,
                     const std::optional<Paths>& root)
    : out_(STDOUT_FILENO), errors_(STDERR_FILENO) {
  const char* term = std::getenv("TERM");
  // Output of processes on the same terminal would mix with the live block. The daemon has another.
  const bool can_erase = (term == nullptr || std::string_view(term) != "dumb") &&
                         (options.daemon || !uses_console(task));
  Output* live = nullptr;
  if (can_erase && errors_.terminal()) live = &errors_;
  if (can_erase && out_.terminal()) live = &out_;
  const bool colour = may_colour(STDOUT_FILENO, common.no_color);
  Transcript::Settings settings;
  settings.quiet = options.quiet;
  settings.verbose = options.verbose;
  settings.terminal = out_.terminal();
  settings.style.colour = colour;
  settings.style.name_width = name_width_of(task);
  settings.live_colour = live == &out_ ? colour : may_colour(STDERR_FILENO, common.no_color);
  if (errors_.terminal()) settings.notes = &errors_;
  // A log message on the same terminal erases the live block first.
  shared_ = live != nullptr && errors_.terminal();
  if (shared_) set_log_pattern("\r\x1b[Jthermos: %l: %v");
  settings.on_begin = [this](const History& history) {
    if (output_) output_->begin(history);
  };
  settings.on_backlog = [this] {
    if (output_) output_->wait_for_reader();
  };
  settings.on_process = [this](const ProcessStatus& status, const History& history) {
    if (output_) output_->on_process(status, history);
  };
  if (live != nullptr && root) {
    left_.emplace(*root, task);
    settings.left = [this](const History& history, Timestamp now) {
      return left_->of(history, now);
    };
  }
  transcript_.emplace(settings, task, out_, live);
  if (options.output && !options.quiet) {
    output_.emplace(task, *transcript_, out_, out_.terminal(), colour);
  }
}

RunScreen::~RunScreen() {
  if (shared_) set_log_pattern("thermos: %l: %v");
}

void RunScreen::enter(Reactor* reactor) {
  if (output_) output_->enter(reactor);
}

void RunScreen::leave(const std::string& line) {
  transcript_->erase();
  const std::size_t columns = std::max<std::size_t>(errors_.columns(), 2) - 1;
  errors_.print((errors_.terminal() ? wrapped(line, columns, 2) : line) + "\n");
}

void RunScreen::finish() {
  transcript_->finish(errors_, [this] {
    if (output_) output_->finish();
  });
}

}  // namespace thermos
