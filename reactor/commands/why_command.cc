#include <unistd.h>

#include <optional>

#include "core/explain/why.h"
#include "core/explain/why_task.h"
#include "core/task/check_task.h"
#include "reactor/commands/asked_task.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/configuration.h"
#include "reactor/commands/failures.h"
#include "reactor/commands/moment.h"
#include "reactor/commands/output.h"
#include "reactor/commands/text.h"
#include "reactor/commands/why_text.h"
#include "reactor/store/log_directory.h"
#include "reactor/store/stream_lock.h"

namespace thermos {
namespace {

constexpr std::string_view kHelp = R"(Usage: thermos why [OPTIONS] TASK [PROCESS]

Says why a task, or one of its processes, waits, runs, failed, was ended, or
will never run: the causes, each with the time of its record, down to what you
can change. TASK is an id, or a pattern that matches one task. Reads files, so
it answers with every program dead, and for the past as for now.

  --run N           that run of PROCESS; the first is 0
  --at TIME         how it was then: 10:00 (today), 2026-11-27T10:00:05, -5m
                    (ago), or seconds since the epoch
  -a, --all         also causes that do not fit on a screen
  --json            as one JSON object
  --socket S        a task of the daemon at S (as THERMOS_SOCKET does), whose
                    root only its owner can read
  --root D          may be repeated: the task is searched for in all of them
  --log-level L, --no-color: see `thermos --help`
)";

// So many lines of what a run printed last; fewer of one that still runs.
constexpr std::size_t kPrinted = 8;
constexpr std::size_t kPrintedOfRunning = 3;

struct Wanted {
  std::string task;
  std::optional<std::string> process;
  std::optional<std::uint32_t> run;
  std::optional<Microseconds> at;
  bool all = false;
  bool json = false;
};

Result<Wanted> wanted_of(const Arguments& words, const std::optional<std::string>& run,
                         const std::optional<std::string>& at) {
  if (words.empty()) return Error{ErrorCode::Usage, "why: TASK is missing"};
  if (words.size() > 2) {
    return Error{ErrorCode::Usage,
                 "why: takes one PROCESS; unexpected argument '" + words[2] + "'"};
  }
  Wanted wanted;
  wanted.task = words.front();
  if (words.size() == 2) wanted.process = words[1];
  if (run) {
    if (!wanted.process) return Error{ErrorCode::Usage, "why: --run is for a PROCESS"};
    const Result<std::uint32_t> number = parse_run("--run", *run);
    if (!number) return number.error();
    wanted.run = *number;
  }
  if (at) {
    const Result<Microseconds> moment = parse_moment("--at", *at);
    if (!moment) return moment.error();
    wanted.at = *moment;
  }
  return wanted;
}

LogEnd printed_by(const Answer& answer, const Situation& situation, const Paths& paths,
                  const std::string& id) {
  const auto& header = situation.history().header();
  if (!answer.output || !header) return {};
  const auto found = situation.history().find(answer.output->process);
  const Run* run = found ? situation.history().process(*found).run(answer.output->run) : nullptr;
  const bool ended = run != nullptr && is_terminal(run->state);
  return read_log_end(*header, log_reader_of(*header, owner_of(paths.runner_stream(id))),
                      answer.output->process, answer.output->run,
                      ended ? kPrinted : kPrintedOfRunning);
}

CommandOutcome answer(const Paths& paths, const Wanted& wanted, const CommonOptions& common) {
  const Result<TaskEntry> entry = asked_task(paths, wanted.task);
  if (!entry) return entry.error();
  const Result<Chronicle> chronicle = chronicle_at(paths, *entry, wanted.at);
  if (!chronicle) return chronicle.error();
  const Result<TaskConfig> task = asked_config(paths, *entry);
  if (!task) return task.error();
  const Result<Graph> graph = check_task(*task, PoolsOf::Daemon);
  if (!graph) return graph.error();
  std::optional<bool> led;
  if (!wanted.at) {
    const Result<bool> locked = stream_is_locked(paths.runner_stream(entry->id));
    if (locked) led = *locked;
  }
  const Microseconds at = wanted.at.value_or(wall_now());
  const Situation situation(*task, *graph, *chronicle, at, led);
  Answer answer;
  if (wanted.process) {
    Result<Answer> found = why_process(situation, *wanted.process, wanted.run);
    if (!found) return found.error();
    answer = std::move(*found);
  } else {
    answer = why_task(situation);
  }
  const LogEnd printed = printed_by(answer, situation, paths, entry->id);
  Output out(STDOUT_FILENO);
  if (wanted.json) {
    out.print(json_text(why_json(entry->id, answer, printed, at)));
    return finish_output(out);
  }
  WhyStyle style;
  style.line.colour = may_colour(STDOUT_FILENO, common.no_color);
  style.columns = out.columns();
  style.rows = wanted.all ? 0 : out.rows();
  out.print(why_text(answer, printed, at, style));
  return finish_output(out);
}

}  // namespace

CommandOutcome why_command(const Arguments& arguments, CommonOptions common) {
  std::optional<std::string> run;
  std::optional<std::string> at;
  std::optional<std::string> socket;
  bool all = false;
  bool json = false;
  OptionParser parser("why", kHelp, common);
  parser.take_roots();
  parser.text("--run", run);
  parser.text("--at", at);
  parser.flag("-a,--all", all);
  parser.flag("--json", json);
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  Result<Wanted> wanted = wanted_of(**parsed, run, at);
  if (!wanted) return wanted.error();
  wanted->all = all;
  wanted->json = json;
  const Result<Paths> paths = paths_of_task(common, socket, wanted->task);
  if (!paths) return paths.error();
  return answer(*paths, *wanted, common);
}

}  // namespace thermos
