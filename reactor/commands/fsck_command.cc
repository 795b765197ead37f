#include "reactor/commands/fsck_command.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "reactor/commands/commands.h"
#include "reactor/commands/daemon_replies.h"
#include "reactor/commands/output.h"
#include "reactor/commands/text.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kHelp = R"(Usage: thermos fsck [OPTIONS] [TASK_ID_REGEX...]

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
  --root D, --log-level L, --no-color: see `thermos --help`

Exit status: 0 nothing but notes, or all repaired; 1 findings remain; 65
something is corrupt; 66 no such root or task.
)";

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Result<std::vector<std::string>> choose(const std::vector<std::string>& ids,
                                        const Arguments& patterns, const Paths& paths) {
  if (patterns.empty()) return ids;
  std::vector<TaskEntry> entries;
  entries.reserve(ids.size());
  for (const std::string& id : ids) entries.push_back({id, TaskDirectory::Active});
  const Result<std::vector<TaskEntry>> meant = select_tasks(entries, patterns);
  if (!meant) return meant.error();
  if (meant->empty()) {
    return Error{ErrorCode::NotFound, "no task matches '" + patterns.front() + "'" +
                                          (patterns.size() > 1 ? " or the others" : "") +
                                          " under " + paths.root()};
  }
  std::vector<std::string> chosen;
  for (const TaskEntry& entry : *meant) chosen.push_back(entry.id);
  return chosen;
}

}  // namespace

std::string finding_text(const Finding& finding) {
  std::string line = fmt::format("{}: {}: {}: ", name_of(finding.severity),
                                 printable(finding.task_id), printable(finding.file));
  if (finding.offset) line += fmt::format("offset {}: ", *finding.offset);
  line += printable(finding.what);
  if (!finding.did.empty()) {
    line += (finding.repaired ? "; repaired: " : "; ") + printable(finding.did);
  } else if (!finding.advice.empty()) {
    line += "; " + finding.advice;
  }
  return line;
}

std::string report_text(const RootReport& report) {
  std::array<std::size_t, 3> open{};
  std::size_t repaired = 0;
  for (const Finding& finding : report.findings) {
    if (finding.repaired) {
      ++repaired;
    } else {
      ++open[static_cast<std::size_t>(finding.severity)];
    }
  }
  std::string text = counted(report.tasks, "task") + ", " + counted(report.streams, "stream") +
                     ", " + counted(report.records, "record") + ": ";
  if (report.findings.empty()) return text + "clean";
  text += counted(open[2], "error") + ", " + counted(open[1], "warning") + ", " +
          counted(open[0], "note");
  if (repaired > 0) text += fmt::format(", {} repaired", repaired);
  return text;
}

Json report_json(const RootReport& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    Json json{{"severity", name_of(finding.severity)},
              {"task_id", finding.task_id},
              {"file", finding.file}};
    if (finding.offset) json["offset"] = *finding.offset;
    json["what"] = finding.what;
    json["repaired"] = finding.repaired;
    json["corrupt"] = finding.corrupt;
    if (!finding.advice.empty()) json["advice"] = finding.advice;
    if (!finding.did.empty()) json["did"] = finding.did;
    findings.push_back(std::move(json));
  }
  Json json = Json::object();
  json["findings"] = std::move(findings);
  json["tasks"] = report.tasks;
  json["streams"] = report.streams;
  json["records"] = report.records;
  return json;
}

CommandOutcome fsck_command(const Arguments& arguments, CommonOptions common) {
  bool repair = false;
  bool json = false;
  OptionParser parser("fsck", kHelp, common);
  parser.flag("--repair", repair);
  parser.flag("--json", json);
  std::optional<std::string> socket;
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;

  const Result<Paths> asked = asked_paths(asked_socket(socket, common), common);
  if (!asked) return asked.error();
  const Paths& paths = *asked;
  const Result<std::vector<std::string>> ids = list_task_ids(paths);
  if (!ids) return ids.error();
  const Result<std::vector<std::string>> chosen = choose(*ids, **parsed, paths);
  if (!chosen) return chosen.error();
  const RootReport report = check_root(paths, *chosen, repair);

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
