#include <unistd.h>

#include <algorithm>

#include "reactor/commands/commands.h"
#include "reactor/commands/output.h"
#include "reactor/commands/task_follower.h"
#include "reactor/commands/task_view.h"
#include "reactor/commands/text.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kHelp = R"(Usage: thermos tail [OPTIONS] TASK_ID [PROCESS]

Prints the last lines of output of a process's latest run, or of each process's
latest run. TASK_ID may be a pattern that matches one task.

  -f, --follow      continue printing, from run to run, until the task ends
  --stderr          standard error instead of standard output
  -n LINES          how many lines (10)
  --root D, --log-level L, --no-color: see `thermos --help`
)";

constexpr std::size_t kMaxPrefix = 24;

// The width of the prefix for several processes; 0 for a single one.
std::size_t prefix_width(const std::vector<std::string>& names) {
  if (names.size() < 2) return 0;
  std::size_t width = 0;
  for (const std::string& name : names) width = std::max(width, display_width(printable(name)));
  return std::min(width, kMaxPrefix);
}

}  // namespace

CommandOutcome tail_command(const Arguments& arguments, CommonOptions common) {
  TaskFollower::Wanted wanted;
  bool follow = false;
  std::optional<std::string> lines;
  OptionParser parser("tail", kHelp, common);
  parser.flag("-f,--follow", follow);
  parser.flag("--stderr", wanted.standard_error);
  parser.text("-n,--lines", lines);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& words = **parsed;
  if (words.empty()) return Error{ErrorCode::Usage, "tail: TASK_ID is missing"};
  if (words.size() > 2) {
    return Error{ErrorCode::Usage,
                 "tail: takes one PROCESS; unexpected argument '" + words[2] + "'"};
  }
  if (lines) {
    const Result<std::uint64_t> given = parse_count("-n", *lines);
    if (!given) return given.error();
    wanted.lines = *given;
  }

  const Paths paths = common.paths();
  const Result<std::vector<TaskEntry>> all = list_tasks(paths);
  if (!all) return all.error();
  const Result<TaskEntry> entry = select_one(*all, words.front());
  if (!entry) return entry.error();
  const TaskView view = view_task(paths, *entry);
  if (!view.history) return Error{ErrorCode::Corrupt, view.error};
  wanted.task_id = entry->id;
  const std::vector<std::string> names = process_names(paths, view);
  if (words.size() == 2) {
    wanted.process = words[1];
    if (std::find(names.begin(), names.end(), words[1]) == names.end()) {
      return Error{ErrorCode::NotFound, entry->id + " has no process '" + words[1] + "'" +
                                            did_you_mean(words[1], names)};
    }
  } else {
    wanted.name_width = prefix_width(names);
  }

  Output out(STDOUT_FILENO);
  TaskFollower follower(paths, std::move(wanted), *view.history, out);
  if (Status shown = follower.show_ends(); !shown) return shown.error();
  if (follow && !out.closed()) {
    if (Status followed = follower.follow(); !followed) return followed.error();
  }
  return finish_output(out);
}

}  // namespace thermos
