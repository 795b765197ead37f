// The command node: what a person knows of a task's nodes.
#include "reactor/commands/commands.h"
#include "reactor/host/leader_client.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kNodeHelp = R"(Usage: thermos node TASK gone|back NODE

Tells the leader of an active task that one of its nodes is gone for good: the
runs there are recorded as LOST, and run again on other nodes. Say so only of a
machine that is off, or on which no process runs any more: nothing else makes
sure that no process runs twice. When the node can be reached again, what still
runs there is ended before anything new starts.

back: the node is there again; it is tried at once.

TASK is its id, or a regular expression that matches from the start of one
active task's id alone.
)";

constexpr Microseconds kNodePatience = 5 * kSecond;

}  // namespace

CommandOutcome node_command(const Arguments& arguments, CommonOptions common) {
  OptionParser parser("node", kNodeHelp, common);
  auto parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& words = **parsed;
  if (words.size() != 3 || (words[1] != "gone" && words[1] != "back")) {
    return Error{ErrorCode::Usage, "node: takes a TASK, gone or back, and a NODE"};
  }
  const Paths paths = common.paths();
  const Result<std::vector<TaskEntry>> tasks = list_tasks(paths);
  if (!tasks) return tasks.error();
  const Result<std::vector<TaskEntry>> meant = select_tasks(*tasks, {words[0]});
  if (!meant) return meant.error();
  const std::vector<TaskEntry> active = active_of(*meant);
  if (active.empty()) return missing_active_task(words[0], *tasks, under({paths}));
  const Result<TaskEntry> task = select_one(active, words[0]);
  if (!task) return task.error();
  const Status told = tell_leader_of_node(paths.checkpoint_dir(task->id),
                                          {words[2], words[1] == "gone"}, kNodePatience);
  if (!told) return told.error();
  return kExitDone;
}

}  // namespace thermos
