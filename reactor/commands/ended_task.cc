#include "reactor/commands/ended_task.h"

#include <unistd.h>

#include <algorithm>

#include "reactor/cli/output.h"
#include "reactor/store/task_list.h"
#include "reactor/views/failures.h"
#include "reactor/views/record_lines.h"

namespace thermos {

CommandOutcome tell_end(const TaskView& view, const CommonOptions& common) {
  const History& history = *view.history;
  LineStyle style;
  style.colour = may_colour(STDOUT_FILENO, common.no_color);
  std::string text = outcome_line(history, history.processes().size(), style) + "\n";
  text += failures_text(failures_of(history), log_end_reader(*history.header(), view.recorded_by),
                        style);
  Output out(STDOUT_FILENO);
  out.print(text);
  if (out.error() != 0) return finish_output(out);
  return exit_status_of(history.state());
}

std::optional<CommandOutcome> tell_end_of(const std::string& task_id, const CommonOptions& common) {
  const Paths paths = common.paths();
  const auto all = list_tasks(paths);
  if (!all) return std::nullopt;
  const auto entry = std::find_if(all->begin(), all->end(),
                                  [&](const TaskEntry& task) { return task.id == task_id; });
  if (entry == all->end()) return std::nullopt;
  const TaskView view = view_task(paths, *entry);
  if (!view.history || !view.history->header() || !is_terminal(view.history->state())) {
    return std::nullopt;
  }
  return tell_end(view, common);
}

}  // namespace thermos
