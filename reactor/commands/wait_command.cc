// The command wait.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "reactor/commands/commands.h"
#include "reactor/commands/daemon_endings.h"
#include "reactor/control/control_client.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/os/clocks.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kWaitHelp = R"(Usage: thermos wait [OPTIONS] TASK...

Waits until tasks of the daemon have ended. A TASK is an id, or a regular
expression that matches from the start of ids; such a one means the active tasks
among them or, if none is active, the one task that it matches. The exit status
is the task's: 0 SUCCESS, 1 FAILED, 2 KILLED, 3 LOST; of several, that of the
first in order that is not 0. It is 124 if the timeout expires first.

  --timeout SECONDS how long to wait; default: no limit
  --socket S        the daemon's socket
)";

// Returns the ids of the tasks that `words` match, each once. Fails with NotFound for a word that
// matches none.
Result<Arguments> tasks_to_wait_for(const std::string& socket, const Arguments& words) {
  Arguments ids;
  const auto add = [&](const std::string& id) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  for (const std::string& word : words) {
    const Result<std::vector<TaskEntry>> tasks = daemon_tasks(socket, {word});
    if (!tasks) return tasks.error();
    if (tasks->empty()) return missing_of_daemon(socket, word, false);
    const std::vector<TaskEntry> active = active_of(*tasks);
    for (const TaskEntry& task : active) add(task.id);
    if (!active.empty()) continue;
    const Result<TaskEntry> one = select_one(*tasks, word);
    if (!one) return one.error();
    add(one->id);
  }
  return ids;
}

}  // namespace

CommandOutcome wait_command(const Arguments& arguments, CommonOptions common) {
  std::string socket = default_socket();
  std::optional<std::string> timeout_text;
  OptionParser parser("wait", kWaitHelp, common);
  parser.text("--socket", socket);
  parser.text("--timeout", timeout_text);
  auto parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if ((*parsed)->empty()) return Error{ErrorCode::Usage, "wait: TASK is missing"};
  auto timeout = seconds_if_given("--timeout", timeout_text);
  if (!timeout) return timeout.error();
  const Microseconds begin = read_clocks().boot;
  const Result<Arguments> ids = tasks_to_wait_for(socket, **parsed);
  if (!ids) return ids.error();
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  ExitStatus worst = kExitDone;
  for (const std::string& id : *ids) {
    std::optional<Microseconds> left = *timeout;
    if (left) left = std::max<Microseconds>(0, begin + *left - read_clocks().boot);
    const CommandOutcome ended = wait_for_end(*client, socket, id, left);
    if (!ended) return ended.error();
    if (*ended == kExitTimedOut) return kExitTimedOut;
    if (worst == kExitDone) worst = *ended;
  }
  return worst;
}

}  // namespace thermos
