#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>

#include "reactor/cli/moment.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/remote_view.h"
#include "reactor/configuration/configuration.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/lookup/several_roots.h"
#include "reactor/os/clocks.h"
#include "reactor/show/status_table.h"
#include "reactor/store/history_json.h"
#include "reactor/store/recorded_task.h"
#include "reactor/store/task_list.h"
#include "reactor/views/status_json.h"

namespace thermos {
namespace {

constexpr std::string_view kStatusHelp = R"(Usage: thermos status [OPTIONS] [TASK_ID_REGEX...]

Shows tasks: all of them, or those whose id a pattern matches from its start
(an exact id means that task alone); what failed first, then what runs. If there
are few tasks (5, or 20 of a pattern or with --failed), shows each task's
processes too, and what those that failed printed last. Reads files, unless the
daemon is to be asked.

  --only active     or `--only finished`, or `--only failed`
  --failed          tasks in which something failed, and of them what failed
  -a, --all         also what does not fit on a screen, and who has not started
  --verbosity N     0: tasks alone; 1, 2: with processes; 3: as --all does
  --at TIME         how it was then: 10:00 (today), 2026-11-27T10:00:05, -5m
                    (ago), or seconds since the epoch; reads files
  --disk            what tasks take on the disk: their records, their logs, and
                    the sandboxes that the daemon made (what `thermos gc` would
                    free, but for a sandbox that another task uses); reads files
  --watch           shows it again every second, until Ctrl-C
  --json            everything recorded, as JSON
  --socket S        ask the daemon at S, which shows you your own tasks (as
                    THERMOS_SOCKET does)
  --root D          may be repeated: the tasks of all of them
  --log-level L, --no-color: see `thermos --help`
)";

// At most this many tasks are shown with their processes: kFewTasks if all tasks are shown,
// kSomeTasks if patterns select them.
constexpr std::size_t kFewTasks = 5;
constexpr std::size_t kSomeTasks = 20;
// The rows of a screenful if there is no screen.
constexpr std::size_t kUsualRows = 50;
// How often the screen of --watch is redrawn. The durations of running processes grow, and no event
// tells that.
constexpr int kWatchMilliseconds = 1000;

// Returns the text that draws over the old screen, so that nothing flickers. Rows that do not fit
// are left out. A reason that is longer than a line continues in the next.
std::string watched_screen(const std::string& text, std::size_t columns, std::size_t rows) {
  std::string screen = "\x1b[H";
  std::size_t row = 0;
  for (std::size_t from = 0; row + 1 < rows && from < text.size();) {
    const std::size_t end = text.find('\n', from);
    const std::string line = text.substr(from, end - from);
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    std::string pieces = wrapped(line.substr(indent), columns - std::min(indent, columns), 2);
    for (bool more = true; more && row + 1 < rows; ++row) {
      const std::size_t stop = std::min(pieces.find('\n'), pieces.size());
      screen += cut_line(std::string(indent, ' ') + pieces.substr(0, stop), columns) + "\x1b[K\n";
      more = stop < pieces.size();
      pieces.erase(0, stop + 1);
    }
    from = end + 1;
  }
  return screen + "\x1b[J";
}

struct Wanted {
  Arguments patterns;
  std::string only;
  bool failed = false;
  bool all = false;
  std::optional<bool> processes;  // shown? nothing: only if the tasks are few
  bool json = false;
  bool watch = false;
  bool disk = false;
  bool no_color = false;
  std::string socket;
  std::optional<Microseconds> at;  // a wall time in the past
};

struct Shown {
  TaskView view;
  Paths paths;  // of the task's root
  Json json;    // with --json
};

// For more active tasks than this, reading the earlier tasks would take too long.
constexpr std::size_t kMostEstimates = 20;

// Estimates the time left of the active tasks, if there are few enough.
void estimate(std::vector<Shown>& tasks, const Wanted& wanted) {
  const auto active = [](const Shown& task) {
    return task.view.entry.directory == TaskDirectory::Active;
  };
  const auto count = std::count_if(tasks.begin(), tasks.end(), active);
  if (count > static_cast<std::ptrdiff_t>(kMostEstimates)) return;
  const Microseconds now = wanted.at.value_or(read_clocks().wall);
  for (Shown& task : tasks) {
    if (!active(task)) continue;
    // The daemon does not read earlier tasks while others wait for it.
    const bool of_daemon = !wanted.socket.empty() && !task.paths.root().empty();
    task.view.time_left = time_left_of(
        of_daemon ? view_task(task.paths, task.view.entry) : task.view, task.paths, now);
    if (wanted.json && task.view.time_left) {
      task.json["time_left"] = static_cast<double>(*task.view.time_left) / kSecond;
    }
  }
}

std::string all_json(std::vector<Shown>& tasks) {
  Json list = Json::array();
  for (Shown& task : tasks) list.push_back(std::move(task.json));
  Json json = Json::object();
  json["tasks"] = std::move(list);
  return json_text(json);
}

// Failed tasks come first, then active ones, then the rest. JSON has the active tasks first.
int rank_of(const TaskView& view, bool json) {
  const bool active = view.entry.directory == TaskDirectory::Active;
  if (json) return active ? 0 : 1;
  if (!view.history || view.history->state() == TaskState::Failed ||
      view.history->state() == TaskState::Lost) {
    return 0;
  }
  return active ? 1 : 2;
}

void sort_and_filter(std::vector<Shown>& tasks, const Wanted& wanted) {
  if (wanted.failed) {
    std::erase_if(tasks, [](const Shown& task) { return !has_failed(task.view); });
  }
  if (wanted.only == "failed") {
    std::erase_if(tasks, [](const Shown& task) {
      return !task.view.history || task.view.history->state() != TaskState::Failed;
    });
  }
  std::stable_sort(tasks.begin(), tasks.end(), [&](const Shown& a, const Shown& b) {
    const int first = rank_of(a.view, wanted.json);
    const int second = rank_of(b.view, wanted.json);
    if (first != second) return first < second;
    return launched(a.view).value_or(0) < launched(b.view).value_or(0);
  });
}

using Roots = std::vector<Paths>;

bool is_wanted(const TaskView& view, const std::string& only) {
  const bool active = view.entry.directory == TaskDirectory::Active;
  return only.empty() || (only == "active") == active;
}

Result<std::vector<Shown>> tasks_in_files(const Roots& roots, const Wanted& wanted) {
  const Result<std::vector<RootTask>> all = tasks_under(roots);
  if (!all) return all.error();
  // Selects among all tasks, not only those to be shown, because an exact id matches that task
  // alone.
  Result<std::vector<RootTask>> meant = select_root_tasks(*all, wanted.patterns);
  if (!meant) return meant.error();
  if (!wanted.only.empty() && !wanted.at) {
    const TaskDirectory only =
        wanted.only == "active" ? TaskDirectory::Active : TaskDirectory::Finished;
    std::erase_if(*meant, [&](const RootTask& task) { return task.entry.directory != only; });
  }
  std::vector<Shown> tasks;
  tasks.reserve(meant->size());
  const Microseconds now = wanted.at.value_or(read_clocks().wall);
  for (const auto& [paths, entry] : *meant) {
    std::optional<TaskView> view =
        wanted.at ? view_task_at(paths, entry, now) : std::optional(view_task(paths, entry));
    if (!view || (wanted.at && !is_wanted(*view, wanted.only))) continue;
    Shown& task = tasks.emplace_back(Shown{std::move(*view), paths, {}});
    if (roots.size() > 1) task.view.root = paths.root();
    if (wanted.disk) {
      const History* const history = task.view.history ? &*task.view.history : nullptr;
      task.view.disk = disk_of_task(paths, entry.id, history);
    }
    if (wanted.json) task.json = view_json(task.view, paths, now);
    if (!wanted.json || wanted.failed) {
      look_closer(task.view, paths, now, wanted.at.has_value());
    }
  }
  return tasks;
}

Result<std::vector<Shown>> tasks_of_daemon(const Wanted& wanted) {
  Result<Json> answer = daemon_status(wanted.socket, wanted.patterns, wanted.only);
  if (!answer) return answer.error();
  const Result<Paths> root = asked_paths(wanted.socket, {});
  std::vector<Shown> tasks;
  for (Json& task : *answer) {
    TaskView view = view_of(task);
    tasks.push_back(
        {std::move(view), root ? *root : Paths({}), wanted.json ? std::move(task) : Json()});
  }
  return tasks;
}

Result<std::vector<TaskEntry>> all_tasks(const Wanted& wanted, const Roots& roots) {
  if (!wanted.socket.empty()) return daemon_tasks(wanted.socket, {});
  const Result<std::vector<RootTask>> all = tasks_under(roots);
  if (!all) return all.error();
  return entries_of(*all);
}

// Returns a hint if `word`, which matches no task, is a process of a shown task.
std::string process_hint(const std::vector<Shown>& tasks, const std::string& word) {
  for (const Shown& task : tasks) {
    const std::optional<History>& history = task.view.history;
    if (!history || !history->find(word)) continue;
    return "; " + task.view.entry.id + " has a process of that name: `thermos inspect " +
           task.view.entry.id + " " + word + "` shows it";
  }
  return "";
}

// Returns whether `pattern` matches one of `shown`, which are some of `all`.
bool means_any(const std::string& pattern, const std::vector<TaskEntry>& all,
               const std::vector<TaskEntry>& shown) {
  std::set<std::string_view> ids;
  for (const TaskEntry& task : shown) ids.insert(task.id);
  const Result<std::vector<TaskEntry>> meant = select_tasks(all, {pattern});
  return meant && std::any_of(meant->begin(), meant->end(),
                              [&](const TaskEntry& task) { return ids.contains(task.id); });
}

// Returns whether `tasks` has the tasks of each pattern. A task may have been created while they
// were read. Fails with NotFound for the first pattern that matches none of the tasks.
Result<bool> has_all(const std::vector<Shown>& tasks, const Wanted& wanted, const Roots& roots) {
  bool whole = true;
  std::vector<TaskEntry> shown;
  shown.reserve(tasks.size());
  for (const Shown& task : tasks) shown.push_back(task.view.entry);
  for (const std::string& pattern : wanted.patterns) {
    const bool some = check_patterns(shown, {pattern}, {}).ok();
    if (some && (wanted.only.empty() || wanted.at)) continue;
    const Result<std::vector<TaskEntry>> all = all_tasks(wanted, roots);
    if (!all) return all.error();
    // The id of a task that is not shown does not match a shown task.
    if (some && means_any(pattern, *all, shown)) continue;
    const std::string place = wanted.socket.empty() ? under(roots) : std::string(kAmongYours);
    if (Status known = check_patterns(*all, {pattern}, place); !known) {
      const std::string hint = process_hint(tasks, pattern);
      if (hint.empty() || known.error().code != ErrorCode::NotFound) return known.error();
      return Error{ErrorCode::NotFound, "no task matches '" + pattern + "'" + place + hint};
    }
    if (wanted.at) {
      return Error{ErrorCode::NotFound, "no task that matches '" + pattern + "' was there at " +
                                            timestamp_text(*wanted.at) + place};
    }
    if (!wanted.only.empty()) {
      return Error{ErrorCode::NotFound, "no " + wanted.only + " task matches '" + pattern + "'"};
    }
    whole = false;
  }
  return whole;
}

// How many rows a table may have; 0: any number.
std::size_t most_rows(std::size_t tasks, bool processes, const Wanted& wanted, const Output& out) {
  // If a program reads the list, all tasks are listed.
  if (wanted.all || (!processes && !out.terminal())) return 0;
  // Rows for the heads, for the count of hidden rows, and for the prompt or the row that `--watch`
  // leaves free.
  constexpr std::size_t kHeads = 6;
  const std::size_t rows =
      out.terminal() ? std::max<std::size_t>(out.rows(), 2 * kHeads) - kHeads : kUsualRows;
  if (!processes) return rows;
  constexpr std::size_t kLeast = 5;
  return std::max({rows / tasks, kLeast, tasks});
}

std::string text_of(std::vector<Shown>& tasks, const Wanted& wanted, const Roots& roots,
                    const Output& out) {
  if (tasks.empty()) {
    if (wanted.failed || wanted.only == "failed") return "nothing failed\n";
    return wanted.socket.empty() ? "no tasks" + under(roots) + "\n" : "no tasks of yours\n";
  }
  TableStyle style;
  style.line.colour = may_colour(out.fd(), wanted.no_color);
  style.columns = out.columns();
  style.now = wanted.at.value_or(read_clocks().wall);
  style.failed_only = wanted.failed;
  const bool all = wanted.patterns.empty() && !wanted.failed;
  style.processes = wanted.processes.value_or(tasks.size() <= (all ? kFewTasks : kSomeTasks));
  style.most = most_rows(tasks.size(), style.processes, wanted, out);
  std::vector<TaskView> views;
  views.reserve(tasks.size());
  for (Shown& task : tasks) {
    TaskView& view = views.emplace_back(std::move(task.view));
    if (!style.processes || !wanted.socket.empty() || !view.history) continue;
    if (view.task && !wanted.all) continue;
    const auto config = view.task
                            ? view.task
                            : read_recorded_config(task.paths, view.entry.id, view.entry.directory);
    if (!config) continue;
    std::vector<std::string> names = not_started(*config, *view.history);
    view.not_started = names.size();
    if (wanted.all) view.not_started_names = std::move(names);
  }
  return status_table(views, style);
}

CommandOutcome print_status(const Roots& roots, const Wanted& wanted) {
  constexpr int kReadings = 10;
  Output out(STDOUT_FILENO);
  for (int reading = 1;; ++reading) {
    Result<std::vector<Shown>> tasks =
        wanted.socket.empty() ? tasks_in_files(roots, wanted) : tasks_of_daemon(wanted);
    if (!tasks) return tasks.error();
    const Result<bool> whole = has_all(*tasks, wanted, roots);
    if (!whole) return whole.error();
    if (!*whole && reading < kReadings) continue;
    reading = 0;
    sort_and_filter(*tasks, wanted);
    estimate(*tasks, wanted);
    const std::string text = wanted.json ? all_json(*tasks) : text_of(*tasks, wanted, roots, out);
    out.print(wanted.watch ? watched_screen(text, out.columns(), out.rows()) : text);
    if (!wanted.watch || out.closed()) return finish_output(out);
    ::poll(nullptr, 0, kWatchMilliseconds);
  }
}

}  // namespace

CommandOutcome status_command(const Arguments& arguments, CommonOptions common) {
  Wanted wanted;
  OptionParser parser("status", kStatusHelp, common);
  parser.take_roots();
  parser.text("--only", wanted.only);
  parser.flag("--failed", wanted.failed);
  parser.flag("-a,--all", wanted.all);
  std::optional<std::string> verbosity;
  parser.text("--verbosity", verbosity);
  std::optional<std::string> at;
  parser.text("--at", at);
  parser.flag("--disk", wanted.disk);
  parser.flag("--watch", wanted.watch);
  parser.flag("--json", wanted.json);
  std::optional<std::string> socket;
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  wanted.patterns = std::move(**parsed);
  wanted.socket = asked_socket(socket, common);
  wanted.no_color = common.no_color;
  if (verbosity) {
    const auto level = parse_count("--verbosity", *verbosity);
    if (!level) return level.error();
    if (*level > 3) {
      return Error{ErrorCode::Usage, "--verbosity " + *verbosity + ": it is 0, 1, 2 or 3"};
    }
    wanted.processes = *level > 0;
    wanted.all = wanted.all || *level == 3;
  }
  if (!wanted.only.empty() && wanted.only != "active" && wanted.only != "finished" &&
      wanted.only != "failed") {
    return Error{ErrorCode::Usage, "--only " + wanted.only + ": it is active, finished or failed"};
  }
  if (at) {
    if (wanted.watch) {
      return Error{ErrorCode::Usage, "--at is of the past, and --watch shows what happens"};
    }
    const Result<Microseconds> moment = parse_moment("--at", *at);
    if (!moment) return moment.error();
    wanted.at = *moment;
  }
  if (wanted.disk && (wanted.watch || wanted.at)) {
    return Error{ErrorCode::Usage, wanted.at ? "--at is of the past, and --disk is of now"
                                             : "--disk looks at every file of a task: not --watch"};
  }
  if (wanted.watch && wanted.json) {
    return Error{ErrorCode::Usage,
                 "--watch shows a screen; `thermos events -f --json` prints "
                 "what happens as JSON"};
  }
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  if (wanted.watch && (dumb || ::isatty(STDOUT_FILENO) != 1)) {
    return Error{ErrorCode::Usage,
                 "--watch draws on a terminal, and standard output is none that "
                 "it can draw on"};
  }
  if ((!wanted.at && !wanted.disk) || wanted.socket.empty())
    return print_status(common.all_paths(), wanted);
  const Result<Paths> paths = asked_paths(wanted.socket, common);
  if (!paths) return paths.error();
  wanted.socket.clear();
  return print_status({*paths}, wanted);
}

}  // namespace thermos
