// The command submit.
#include <unistd.h>

#include <optional>
#include <string>

#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/daemon_endings.h"
#include "reactor/commands/daemon_run.h"
#include "reactor/commands/run_options.h"
#include "reactor/control/control_client.h"

namespace thermos {
namespace {

constexpr std::string_view kSubmitHelp = R"(Usage: thermos submit [OPTIONS] CONFIG

Gives the task in CONFIG ("-": standard input) to the daemon, and prints its id
when the task is on the disk.

  --task-id ID      the task's id; else NAME-YYYYmmdd-HHMMSS.uuuuuu
  --task NAME       which task, where CONFIG holds several
  --sandbox D       run in D, which must exist; else the daemon creates one
  --user U, --chroot, --keep-logs N, --log-rotate SIZE[:BACKUPS],
  -P NAME[:PORT], -E NAME=VALUE, --eval-timeout S, --nodes WHICH: as for
  `thermos run`. A CONFIG in Python is executed here, with your rights, not by
  the daemon. Of tasks over --nodes, root's daemon takes only those of root; the
  daemon starts the servers
  --replace         where task ID is active, CONFIG takes the place of its
                    configuration: processes that it defines as before are not
                    touched, others are stopped and started anew. Prints the id
                    when that is done
  --wait            wait until it has ended; the exit status is the task's
  --socket S        the daemon's socket (THERMOS_SOCKET; else
                    /run/thermos/reactor.sock for root)
)";

}  // namespace

CommandOutcome submit_command(const Arguments& arguments, CommonOptions common) {
  RunOptions options;
  std::string socket = default_socket();
  bool wait = false;
  bool replace = false;
  OptionParser parser("submit", kSubmitHelp, common);
  options.add_to(parser);
  parser.text("--task", options.task_name);
  parser.text("--eval-timeout", options.eval_timeout);
  parser.text("--socket", socket);
  parser.flag("--replace", replace);
  parser.flag("--wait", wait);
  auto parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if ((*parsed)->size() != 1) {
    return Error{ErrorCode::Usage, "submit: takes one CONFIG (\"-\" is standard input)"};
  }
  if (replace && options.task_id.empty()) {
    return Error{ErrorCode::Usage, "submit: --replace needs --task-id: of which task?"};
  }
  auto read = read_daemon_task((*parsed)->front(), options);
  if (!read) return read.error();
  read->submit.replace = replace;
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  if (Status given = submit_task(*client, read->submit); !given) return given.error();
  const std::string& task_id = read->submit.task_id;
  Output(STDOUT_FILENO).print(printable(task_id) + "\n");
  return wait ? wait_for_end(*client, socket, task_id, std::nullopt) : CommandOutcome(kExitDone);
}

}  // namespace thermos
