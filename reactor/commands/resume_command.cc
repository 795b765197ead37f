#include <optional>
#include <string>

#include "reactor/commands/commands.h"
#include "reactor/commands/ended_task.h"
#include "reactor/commands/run_options.h"
#include "reactor/commands/task_view.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kHelp = R"(Usage: thermos resume [OPTIONS] TASK_ID

Goes on with a task whose runner died, in the foreground, as `thermos run`
would; what ran meanwhile was not disturbed. Needs no CONFIG: what the task is
was recorded. Of a task that has ended, tells how. TASK_ID may be a pattern that
matches one task.

  --output          show what processes print, each line with the name in front
  --on-term kill|yield, --grace S, --yield-status N, --until TIME, --take-over,
  --sync MODE, -v, -q, --root D, --log-level L, --no-color: see
  `thermos run --help`

Exit status: that of the task, 0 SUCCESS, 1 FAILED, 2 KILLED, 3 LOST; 66 no such
task, 75 someone else runs this task, or it yielded.
)";

}  // namespace

CommandOutcome resume_command(const Arguments& arguments, CommonOptions common) {
  RunOptions options;
  OptionParser parser("resume", kHelp, common);
  options.add_screen_to(parser);
  parser.text("--sync", options.sync);
  const Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if ((*parsed)->size() != 1) return Error{ErrorCode::Usage, "resume: takes one TASK_ID"};
  Result<ConfigurationWords> words = check_run_options(options);
  if (!words) return words.error();

  const Paths paths = common.paths();
  const Result<std::vector<TaskEntry>> all = list_tasks(paths);
  if (!all) return all.error();
  const Result<TaskEntry> entry = select_one(*all, (*parsed)->front());
  if (!entry) return entry.error();
  const TaskView view = view_task(paths, *entry);
  if (!view.history) return Error{ErrorCode::Corrupt, view.error};
  const std::optional<RunnerHeader>& header = view.history->header();
  if (!header) {
    return Error{ErrorCode::NotFound, "task " + entry->id +
                                          " was never begun, so nothing tells where it is to run; "
                                          "give its CONFIG to `thermos run --task-id " +
                                          entry->id + "`"};
  }
  if (is_terminal(view.history->state())) return tell_end(view, common);
  if (!view.task) {
    return Error{ErrorCode::Corrupt, paths.active_task(entry->id) + ": not a task's configuration"};
  }
  words->ports = header->ports;
  return run_bound_task({*view.task, entry->id, header->user}, *words, options, common, header);
}

}  // namespace thermos
