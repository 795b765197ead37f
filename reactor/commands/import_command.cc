#include <unistd.h>

#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/store/task_import.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kImportHelp = R"(Usage: thermos import [OPTIONS] ROOT [TASK_ID_REGEX...]

Takes over the tasks of a root of Apache Thermos, or those whose id a pattern
matches from its start: writes under --root what is recorded of them, as tasks
that have ended. One that was active there is LOST; none of its processes is
signalled. ROOT is only read, and the tasks' output stays where it is. A task
that was imported before is left as it is, so it can be done again.

Prints one line for each task; one that can't be taken over is told on standard
error, and the others go on.

  --root D, --log-level L, --no-color: see `thermos --help`

`thermos status --root ROOT`, `inspect --root ROOT --task-id ID` and `read FILE`
show such a root without importing it.

Exit status: 0 all are there; 1 some could not be taken over; 66 no such root,
or a pattern that matches no task, and then none is taken over.
)";

std::string told(const std::string& id, const ImportedTask& task) {
  std::string line = printable(id) + ": ";
  if (task.before) return line + "imported before\n";
  line += name_of(task.state);
  return line + (task.was_active ? ", it was active\n" : "\n");
}

Result<std::vector<std::string>> choose(const Paths& from, const Arguments& patterns) {
  Result<std::vector<std::string>> ids = list_ancestor_tasks(from);
  if (!ids || patterns.empty()) return ids;
  std::vector<TaskEntry> entries;
  for (const std::string& id : *ids) entries.push_back({id, TaskDirectory::Finished});
  if (Status known = check_patterns(entries, patterns, under({from})); !known) return known.error();
  std::vector<std::string> chosen;
  const Result<std::vector<TaskEntry>> meant = select_tasks(entries, patterns);
  if (!meant) return meant.error();
  for (const TaskEntry& entry : *meant) chosen.push_back(entry.id);
  return chosen;
}

}  // namespace

CommandOutcome import_command(const Arguments& arguments, CommonOptions common) {
  OptionParser parser("import", kImportHelp, common);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  Arguments words = std::move(**parsed);
  if (words.empty()) {
    return Error{ErrorCode::Usage, "import: ROOT is missing: a root of Apache Thermos"};
  }
  const Paths from(absolute_path(words.front()));
  words.erase(words.begin());
  const Result<std::vector<std::string>> ids = choose(from, words);
  if (!ids) return ids.error();
  Result<TaskImport> import = TaskImport::begin(from, common.paths());
  if (!import) return import.error();
  Output out(STDOUT_FILENO);
  bool all = true;
  for (const std::string& id : *ids) {
    const Result<ImportedTask> task = import->take(id);
    all = all && task;
    if (task) {
      out.print(told(id, *task));
    } else {
      print_error(printable(id) + ": not imported: " + task.error().message);
    }
  }
  if (ids->empty()) out.print("no tasks under " + printable(from.root()) + "\n");
  const CommandOutcome printed = finish_output(out);
  return printed && !all ? CommandOutcome(kExitFailed) : printed;
}

}  // namespace thermos
