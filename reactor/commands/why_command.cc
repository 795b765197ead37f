#include <unistd.h>

#include <optional>

#include "reactor/cli/moment.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/lookup/task_argument.h"
#include "reactor/views/why_answer.h"
#include "reactor/views/why_text.h"

namespace thermos {
namespace {

constexpr std::string_view kWhyHelp = R"(Usage: thermos why [OPTIONS] TASK [PROCESS]

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

struct WhyWords {
  std::string task;
  std::optional<std::string> process;
  std::optional<std::uint32_t> run;
  std::optional<Microseconds> at;
  bool all = false;
  bool json = false;
};

Result<WhyWords> wanted_of(const Arguments& words, const std::optional<std::string>& run,
                           const std::optional<std::string>& at) {
  if (words.empty()) return Error{ErrorCode::Usage, "why: TASK is missing"};
  if (words.size() > 2) {
    return Error{ErrorCode::Usage,
                 "why: takes one PROCESS; unexpected argument '" + words[2] + "'"};
  }
  WhyWords wanted;
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

CommandOutcome answer(const Paths& paths, const WhyWords& wanted, const CommonOptions& common) {
  const Result<TaskEntry> entry = asked_task(paths, wanted.task);
  if (!entry) return entry.error();
  const Result<Chronicle> chronicle = chronicle_at(paths, *entry, wanted.at);
  if (!chronicle) return chronicle.error();
  const Result<WhyAnswer> found =
      answer_why(paths, *entry, *chronicle, {wanted.process, wanted.run, wanted.at});
  if (!found) return found.error();
  const auto& [answer, printed, at] = *found;
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
  OptionParser parser("why", kWhyHelp, common);
  parser.take_roots();
  parser.text("--run", run);
  parser.text("--at", at);
  parser.flag("-a,--all", all);
  parser.flag("--json", json);
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  Result<WhyWords> wanted = wanted_of(**parsed, run, at);
  if (!wanted) return wanted.error();
  wanted->all = all;
  wanted->json = json;
  const Result<Paths> paths = paths_of_task(common, socket, wanted->task);
  if (!paths) return paths.error();
  return answer(*paths, *wanted, common);
}

}  // namespace thermos
