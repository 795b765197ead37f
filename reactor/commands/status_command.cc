#include <unistd.h>

#include <algorithm>

#include "reactor/commands/commands.h"
#include "reactor/commands/configuration.h"
#include "reactor/commands/daemon_replies.h"
#include "reactor/commands/output.h"
#include "reactor/commands/status_table.h"
#include "reactor/store/history_json.h"
#include "reactor/store/outlook_json.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kHelp = R"(Usage: thermos status [OPTIONS] [TASK_ID_REGEX...]

Shows tasks, active ones first: all of them, or those whose id a pattern
matches from its start (an exact id means that task alone). With a pattern, or
if there are few tasks, shows each task's processes too. Reads files, unless
the daemon is to be asked.

  --only active     or `--only finished`
  --json            everything recorded, as JSON
  --socket S        ask the daemon at S, which shows you your own tasks (as
                    THERMOS_SOCKET does)
  --root D, --log-level L, --no-color: see `thermos --help`
)";

// Up to this many tasks are shown with their processes even without a pattern.
constexpr std::size_t kFewTasks = 5;
constexpr std::size_t kFewProcesses = 20;

Json view_json(const TaskView& view) {
  Json json = Json::object();
  json["task_id"] = view.entry.id;
  if (view.history) {
    json.update(history_json(*view.history));
    if (view.task) add_outlook(json, *view.task, *view.history, wall_now());
  } else {
    json["error"] = view.error;
  }
  return json;
}

std::string all_json(const std::vector<TaskView>& views) {
  Json tasks = Json::array();
  for (const TaskView& view : views) tasks.push_back(view_json(view));
  Json json = Json::object();
  json["tasks"] = std::move(tasks);
  return json_text(json);
}

}  // namespace

CommandOutcome status_command(const Arguments& arguments, CommonOptions common) {
  std::string only;
  bool json = false;
  OptionParser parser("status", kHelp, common);
  parser.text("--only", only);
  parser.flag("--json", json);
  std::string socket = asked_socket();
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& patterns = **parsed;
  if (!only.empty() && only != "active" && only != "finished") {
    return Error{ErrorCode::Usage, "--only " + only + ": it is active or finished"};
  }

  if (!socket.empty()) return daemon_status(socket, patterns, only, json);
  const Paths paths = common.paths();
  Result<std::vector<TaskEntry>> all = list_tasks(paths);
  if (!all) return all.error();
  if (!only.empty()) {
    const TaskDirectory wanted = only == "active" ? TaskDirectory::Active : TaskDirectory::Finished;
    std::erase_if(*all, [&](const TaskEntry& task) { return task.directory != wanted; });
  }
  const Result<std::vector<TaskEntry>> meant = select_tasks(*all, patterns);
  if (!meant) return meant.error();
  if (meant->empty() && !patterns.empty()) {
    return Error{ErrorCode::NotFound, "no task matches '" + patterns.front() + "'" +
                                          (patterns.size() > 1 ? " or the others" : "") +
                                          " under " + paths.root()};
  }
  std::vector<TaskView> views;
  views.reserve(meant->size());
  for (const TaskEntry& task : *meant) views.push_back(view_task(paths, task));
  std::stable_sort(views.begin(), views.end(), [](const TaskView& a, const TaskView& b) {
    if (a.entry.directory != b.entry.directory) return a.entry.directory < b.entry.directory;
    return launched(a).value_or(0) < launched(b).value_or(0);
  });

  Output out(STDOUT_FILENO);
  if (json) {
    out.print(all_json(views));
    return finish_output(out);
  }
  if (views.empty()) {
    out.print("no tasks under " + paths.root() + "\n");
    return finish_output(out);
  }
  TableStyle style;
  style.line.colour = may_colour(STDOUT_FILENO, common.no_color);
  style.columns = out.columns();
  style.now = wall_now();
  style.processes = !patterns.empty() || views.size() <= kFewTasks;
  style.max_processes = patterns.empty() ? kFewProcesses : 0;
  out.print(status_table(views, style));
  return finish_output(out);
}

}  // namespace thermos
