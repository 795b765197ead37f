#include <optional>
#include <string>

#include "reactor/commands/commands.h"
#include "reactor/commands/ended_task.h"
#include "reactor/commands/remote_view.h"
#include "reactor/commands/run_options.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/store/file_owner_check.h"
#include "reactor/store/task_list.h"
#include "reactor/store/task_store.h"
#include "reactor/views/task_view.h"

namespace thermos {
namespace {

constexpr std::string_view kResumeHelp = R"(Usage: thermos resume [OPTIONS] TASK_ID

Goes on with a task whose runner died, in the foreground, as `thermos run`
would; what ran meanwhile was not disturbed. Needs no CONFIG: what the task is
was recorded. Of a task that has ended, tells how. TASK_ID may be a pattern that
matches one task.

  --socket S        a task of the daemon at S (as THERMOS_SOCKET does), which
                    goes on with its tasks by itself as long as it lives
  --output          show what processes print, each line with the name in front
  --on-term kill|yield, --grace S, --yield-status N, --until TIME, --take-over,
  --sync MODE, -v, -q, --root D, --log-level L, --no-color: see
  `thermos run --help`

Exit status: that of the task, 0 SUCCESS, 1 FAILED, 2 KILLED, 3 LOST; 66 no such
task, 75 someone else runs this task, or it yielded.
)";

Error led_by_daemon(const std::string& task_id, const std::string& how) {
  return {ErrorCode::Busy, how + ": `thermos wait " + task_id +
                               "` waits for its end, `thermos tail -f " + task_id +
                               "` shows what it prints"};
}

// Reports a task of the daemon to a caller who may not read the daemon's root, and so can't lead
// its tasks either.
CommandOutcome tell_daemon_task(const std::string& socket, const std::string& word,
                                const CommonOptions& common) {
  const Result<TaskEntry> entry = one_daemon_task(socket, word);
  if (!entry) return entry.error();
  const Result<Json> status = daemon_status(socket, {entry->id}, {});
  if (!status) return status.error();
  if (status->size() != 1) return missing_of_daemon(socket, word, false);
  TaskView view = view_of(status->front());
  if (!view.history) return Error{ErrorCode::Corrupt, view.error};
  if (!is_terminal(view.history->state()) || !view.history->header()) {
    return led_by_daemon(entry->id,
                         "task " + entry->id + " is the daemon's, which goes on with it");
  }
  const Result<std::uint32_t> daemon = daemon_uid(socket);
  if (!daemon) return daemon.error();
  view.recorded_by = *daemon;
  return tell_end(view, common);
}

}  // namespace

CommandOutcome resume_command(const Arguments& arguments, CommonOptions common) {
  RunOptions options;
  OptionParser parser("resume", kResumeHelp, common);
  options.add_screen_to(parser);
  std::optional<std::string> socket;
  parser.text("--socket", socket);
  const Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if ((*parsed)->size() != 1) return Error{ErrorCode::Usage, "resume: takes one TASK_ID"};
  Result<ConfigurationWords> words = check_run_options(options);
  if (!words) return words.error();

  const std::string& word = (*parsed)->front();
  const std::string daemon = asked_socket(socket, common);
  const Result<Paths> asked = asked_paths(daemon, common);
  if (!asked) return asked.error();
  const Paths& paths = *asked;
  if (!daemon.empty() && !may_read_tasks(paths)) return tell_daemon_task(daemon, word, common);
  common.root = paths.root();
  const Result<std::vector<TaskEntry>> all = list_tasks(paths);
  if (!all) return all.error();
  const Result<TaskEntry> entry = one_task(*all, word, under({paths}));
  if (!entry) return entry.error();
  TaskView view = view_task(paths, *entry);
  if (!view.history) return Error{ErrorCode::Corrupt, view.error};
  const std::optional<RunnerHeader>& header = view.history->header();
  if (!header) {
    return Error{ErrorCode::NotFound, "task " + entry->id +
                                          " was never begun, so nothing tells where it is to run; "
                                          "give its CONFIG to `thermos run --task-id " +
                                          entry->id + "`"};
  }
  if (is_terminal(view.history->state())) return tell_end(view, common);
  if (Status own = check_own_files(paths, *entry, header->user); !own) return own.error();
  if (active_task_is_blank(paths, entry->id)) return blank_task(paths, entry->id);
  if (!view.task) {
    return Error{ErrorCode::Corrupt, paths.active_task(entry->id) + ": not a task's configuration"};
  }
  words->ports = header->ports;
  CommandOutcome ended = run_bound_task({std::move(*view.task), entry->id, header->user}, *words,
                                        options, common, header);
  if (daemon.empty() || ended || ended.error().code != ErrorCode::Busy) return ended;
  return led_by_daemon(entry->id, ended.error().message);
}

}  // namespace thermos
