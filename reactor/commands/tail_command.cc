#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "reactor/cli/moment.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/daemon_run.h"
#include "reactor/commands/remote_view.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/lookup/several_roots.h"
#include "reactor/lookup/task_argument.h"
#include "reactor/show/record_follower.h"
#include "reactor/show/task_follower.h"
#include "reactor/store/ancestor_stream.h"
#include "reactor/store/task_list.h"
#include "reactor/views/taken_logs.h"
#include "reactor/views/task_view.h"

namespace thermos {
namespace {

constexpr std::string_view kTailHelp = R"(Usage: thermos tail [OPTIONS] TASK [PROCESS]

Prints the last lines of output of a process's latest run, or of each process's
latest run: those of standard output, then those of standard error (which have a
colour on a terminal). TASK is an id, or a pattern that matches one task.

  -f, --follow      continue printing, from run to run, until the task ends:
                    both streams, in the order in which they come
  --stdout          standard output alone
  --stderr          standard error alone
  --run N           that run; the first is 0
  --since TIME      all runs that ran at or after TIME: 10:00 (today),
                    2026-11-27T10:00:05, -5m (ago), or seconds since the epoch
  -n LINES          how many lines of a process (10), of both streams together
  --socket S        a task of the daemon at S (as THERMOS_SOCKET does)
  --root D          may be repeated: the task is searched for in all of them
  --log-level L, --no-color: see `thermos --help`
)";

constexpr std::size_t kMaxTailPrefix = 24;

// The task and where its records come from.
struct Source {
  TaskView view;
  std::vector<std::string> names;  // the names of the processes
  bool all_names = true;           // false: there may be others, which have not run yet
  std::unique_ptr<RecordFollower> records;
  FindTaken find_taken{};
};

// The width of the prefix for several processes; 0 for a single one.
std::size_t prefix_width(const Source& source) {
  if (source.names.size() < 2 && source.all_names) return 0;
  std::size_t width = 1;
  for (const std::string& name : source.names) {
    width = std::max(width, display_width(printable(name)));
  }
  return std::min(width, kMaxTailPrefix);
}

Result<Source> source_in_files(const Paths& paths, const std::string& word) {
  const Result<std::vector<TaskEntry>> all = list_tasks(paths);
  if (!all) return all.error();
  const Result<TaskEntry> entry = one_task(*all, word, under({paths}));
  if (!entry) return entry.error();
  Source source;
  source.view = view_task(paths, *entry);
  if (!source.view.history) return Error{ErrorCode::Corrupt, source.view.error};
  source.names = process_names(paths, source.view);
  source.records = std::make_unique<StreamFollower>(paths, entry->id);
  source.find_taken = find_taken_in(paths);
  return source;
}

// Returns the daemon as the source for a task whose records the caller may not read.
Result<Source> source_of_daemon(const std::string& socket, const std::string& word) {
  const Result<TaskEntry> entry = one_daemon_task(socket, word);
  if (!entry) return entry.error();
  auto events = subscribe_to(socket, entry->id, false);
  if (!events) return events.error();
  const Result<Json> status = daemon_status(socket, {entry->id}, {});
  if (!status) return status.error();
  if (status->size() != 1) return missing_of_daemon(socket, word, false);
  const Result<std::uint32_t> daemon = daemon_uid(socket);
  if (!daemon) return daemon.error();
  Source source;
  source.view = view_of(status->front());
  if (!source.view.history) return Error{ErrorCode::Corrupt, source.view.error};
  for (const ProcessHistory& process : source.view.history->processes()) {
    source.names.push_back(process.name);
  }
  source.all_names = is_terminal(source.view.history->state());
  source.records =
      std::make_unique<EventFollower>(std::move(*events), *source.view.history, *daemon);
  return source;
}

Result<Source> find_source(const CommonOptions& common, const std::string& socket,
                           const std::string& word) {
  const Result<Paths> paths =
      socket.empty() ? root_of_task(common, word) : asked_paths(socket, common);
  if (socket.empty() && !paths) return paths.error();
  if (socket.empty()) return source_in_files(*paths, word);
  if (!paths && paths.error().code != ErrorCode::NotFound) return paths.error();
  return paths && may_read_tasks(*paths) ? source_in_files(*paths, word)
                                         : source_of_daemon(socket, word);
}

Status which_runs(const std::optional<std::string>& run, const std::optional<std::string>& since,
                  TaskFollower::Wanted& wanted) {
  if (run && since) return Error{ErrorCode::Usage, "tail: give --run or --since, and not both"};
  if (run) {
    if (wanted.follow) {
      return Error{ErrorCode::Usage, "tail: --run is one run, and --follow goes from run to run"};
    }
    const Result<std::uint32_t> number = parse_run("--run", *run);
    if (!number) return number.error();
    wanted.run = *number;
  }
  if (since) {
    const Result<Microseconds> moment = parse_moment("--since", *since);
    if (!moment) return moment.error();
    wanted.since = *moment;
  }
  return Done{};
}

// Fails with NotFound if no process, or not the wanted one, has the wanted run.
Status check_run(const Source& source, const TaskFollower::Wanted& wanted) {
  if (!wanted.run) return Done{};
  std::uint32_t runs = 0;
  for (const ProcessHistory& process : source.view.history->processes()) {
    if (!wanted.process || *wanted.process == process.name) runs = std::max(runs, process.next_run);
  }
  if (*wanted.run < runs) return Done{};
  return Error{
      ErrorCode::NotFound,
      wanted.process.value_or(wanted.task_id) + " has no run " + std::to_string(*wanted.run) +
          (runs == 0 ? ": it has not run" : ": its last is run " + std::to_string(runs - 1))};
}

// Raises the limit of open files, because a task may have thousands of processes with two files
// each.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

CommandOutcome tail_command(const Arguments& arguments, CommonOptions common) {
  TaskFollower::Wanted wanted;
  bool standard_output = false;
  bool standard_error = false;
  std::optional<std::string> lines;
  std::optional<std::string> socket;
  OptionParser parser("tail", kTailHelp, common);
  parser.take_roots();
  parser.flag("-f,--follow", wanted.follow);
  parser.flag("--stdout", standard_output);
  parser.flag("--stderr", standard_error);
  parser.text("-n,--lines", lines);
  std::optional<std::string> run;
  parser.text("--run", run);
  std::optional<std::string> since;
  parser.text("--since", since);
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& words = **parsed;
  if (words.empty()) return Error{ErrorCode::Usage, "tail: TASK is missing"};
  if (words.size() > 2) {
    return Error{ErrorCode::Usage,
                 "tail: takes one PROCESS; unexpected argument '" + words[2] + "'"};
  }
  if (standard_output != standard_error) wanted.streams = {standard_output, standard_error};
  if (lines) {
    const Result<std::uint64_t> given = parse_count("-n", *lines);
    if (!given) return given.error();
    wanted.lines = *given;
  }
  if (Status which = which_runs(run, since, wanted); !which) return which.error();

  const Result<Source> source = find_source(common, asked_socket(socket, common), words.front());
  if (!source) return source.error();
  wanted.task_id = source->view.entry.id;
  const std::vector<std::string>& names = source->names;
  if (words.size() == 2) {
    wanted.process = words[1];
    const bool known = std::find(names.begin(), names.end(), words[1]) != names.end();
    if (!known && (source->all_names || !wanted.follow)) {
      return Error{ErrorCode::NotFound, wanted.task_id + " has no process '" + words[1] + "'" +
                                            (source->all_names ? "" : " that has run") +
                                            did_you_mean(words[1], names)};
    }
  } else {
    wanted.name_width = prefix_width(*source);
  }
  if (Status there = check_run(*source, wanted); !there) return there.error();
  wanted.find_taken = source->find_taken;
  wanted.colour = may_colour(STDOUT_FILENO, common.no_color);
  raise_descriptor_limit();

  Output out(STDOUT_FILENO);
  const bool follow = wanted.follow;
  TaskFollower follower(*source->records, std::move(wanted), *source->view.history, out);
  if (Status shown = follower.show_ends(); !shown) return shown.error();
  if (follow && !out.closed()) {
    if (Status followed = follower.follow(); !followed) return followed.error();
  }
  return finish_output(out);
}

}  // namespace thermos
