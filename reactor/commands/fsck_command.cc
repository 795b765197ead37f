#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/lookup/several_roots.h"
#include "reactor/show/fsck_text.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kFsckHelp = R"(Usage: thermos fsck [OPTIONS] [TASK_ID_REGEX...]

Checks the files, streams and locks of every task under the root, or of those
tasks whose id a pattern matches from its start (an exact id means that task
alone). Only reads, waits for no lock, and may be run at any time. Prints one
finding a line: a note is information, a warning asks for action, an error means
that records contradict each other or cannot be read.

  --repair          repair what is safe, in tasks that nobody leads, and print
                    what was done: cut off incomplete records at the end, move
                    tasks that ended to tasks/finished, remove left-over files.
                    A task with corrupt bytes is not changed
  --json            the findings as JSON
  --socket S        the root of the daemon at S (as THERMOS_SOCKET does), which
                    only its owner can read
  --root D          may be repeated: the tasks of all of them
  --log-level L, --no-color: see `thermos --help`

Exit status: 0 nothing but notes, or all repaired; 1 findings remain; 65
something is corrupt; 66 no such root or task.
)";

Result<std::vector<RootTask>> choose(const std::vector<Paths>& roots, const Arguments& patterns) {
  std::vector<RootTask> all;
  for (const Paths& paths : roots) {
    const Result<std::vector<std::string>> ids = list_task_ids(paths);
    if (!ids) return ids.error();
    for (const std::string& id : *ids) all.push_back({paths, {id, TaskDirectory::Active}});
  }
  if (Status known = check_patterns(entries_of(all), patterns, under(roots)); !known) {
    return known.error();
  }
  return select_root_tasks(all, patterns);
}

void add(RootReport& report, RootReport&& more) {
  std::move(more.findings.begin(), more.findings.end(), std::back_inserter(report.findings));
  report.tasks += more.tasks;
  report.streams += more.streams;
  report.records += more.records;
}

}  // namespace

CommandOutcome fsck_command(const Arguments& arguments, CommonOptions common) {
  bool repair = false;
  bool json = false;
  OptionParser parser("fsck", kFsckHelp, common);
  parser.take_roots();
  parser.flag("--repair", repair);
  parser.flag("--json", json);
  std::optional<std::string> socket;
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;

  const std::string daemon = asked_socket(socket, common);
  std::vector<Paths> roots = common.all_paths();
  if (!daemon.empty()) {
    const Result<Paths> asked = asked_paths(daemon, common);
    if (!asked) return asked.error();
    roots = {*asked};
  }
  const Result<std::vector<RootTask>> chosen = choose(roots, **parsed);
  if (!chosen) return chosen.error();
  RootReport report;
  for (const Paths& paths : roots) {
    std::vector<std::string> ids;
    for (const RootTask& task : *chosen) {
      if (task.paths.root() == paths.root()) ids.push_back(task.entry.id);
    }
    add(report, check_root(paths, ids, repair));
  }

  Output out(STDOUT_FILENO);
  if (json) {
    out.print(json_text(report_json(report)));
  } else {
    for (const Finding& finding : report.findings) out.print(finding_text(finding) + "\n");
    out.print(report_text(report) + "\n");
  }
  CommandOutcome printed = finish_output(out);
  if (!printed) return printed;
  if (report.corrupt()) return kExitBadData;
  return report.remains() ? kExitFailed : kExitDone;
}

}  // namespace thermos
