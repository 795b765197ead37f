// The commands of the daemon's clients: submit, wait, events.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "reactor/commands/commands.h"
#include "reactor/commands/daemon_endings.h"
#include "reactor/commands/daemon_run.h"
#include "reactor/commands/progress_lines.h"
#include "reactor/commands/record_text.h"
#include "reactor/commands/run_options.h"
#include "reactor/control/control_client.h"
#include "reactor/os/clocks.h"
#include "reactor/program/output.h"
#include "reactor/program/text.h"
#include "reactor/store/history_json.h"
#include "reactor/views/daemon_replies.h"
#include "reactor/views/missing_task.h"

namespace thermos {
namespace {

constexpr std::string_view kSubmitHelp = R"(Usage: thermos submit [OPTIONS] CONFIG

Gives the task in CONFIG ("-": standard input) to the daemon, and prints its id
when the task is on the disk.

  --task-id ID      the task's id; else NAME-YYYYmmdd-HHMMSS.uuuuuu
  --task NAME       which task, where CONFIG holds several
  --sandbox D       run in D, which must exist; else the daemon creates one
  --user U, --chroot, --keep-logs N, --log-rotate SIZE[:BACKUPS],
  -P NAME[:PORT], -E NAME=VALUE, --eval-timeout S: as for `thermos run`. A
  CONFIG in Python is executed here, with your rights, not by the daemon
  --replace         where task ID is active, CONFIG takes the place of its
                    configuration: processes that it defines as before are not
                    touched, others are stopped and started anew. Prints the id
                    when that is done
  --wait            wait until it has ended; the exit status is the task's
  --socket S        the daemon's socket (THERMOS_SOCKET; else
                    /run/thermos/reactor.sock for root)
)";

constexpr std::string_view kWaitHelp = R"(Usage: thermos wait [OPTIONS] TASK...

Waits until tasks of the daemon have ended. A TASK is an id, or a regular
expression that matches from the start of ids; such a one means the active tasks
among them or, if none is active, the one task that it matches. The exit status
is the task's: 0 SUCCESS, 1 FAILED, 2 KILLED, 3 LOST; of several, that of the
first in order that is not 0. It is 124 if the timeout expires first.

  --timeout SECONDS how long to wait; default: no limit
  --socket S        the daemon's socket
)";

constexpr std::string_view kEventsHelp = R"(Usage: thermos events [OPTIONS] [TASK_ID_REGEX...]

Prints the events of the daemon's tasks, one transition a line, each with its
position.

  --since POSITION  start behind that position: no event is missed or seen
                    twice, also over restarts of the daemon
  -f                continue with new events, also of tasks to come
  --progress        also how far each task is, at most once a second: how many
                    of its processes are done, run or failed, and the time left
                    if earlier tasks of its name tell it
  --json            one JSON object a line
  --socket S        the daemon's socket
)";

Result<ExitStatus> status_named(const std::string& state) {
  const auto known = task_state_from(state);
  if (!known || !is_terminal(*known)) {
    return Error{ErrorCode::System, "the daemon can't say how it ended; see `thermos status`"};
  }
  return exit_status_of(*known);
}

// The ids of the tasks that `words` mean, each once. Fails with NotFound for one that means none.
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

CommandOutcome wait_for(ControlClient& client, const std::string& socket,
                        const std::string& task_id, const std::optional<Microseconds>& timeout) {
  const auto reply = client.ask(control::AskWait{task_id, timeout.value_or(-1)});
  if (!reply) return reply.error();
  const auto* ended = std::get_if<control::Ended>(&*reply);
  if (ended == nullptr) return kExitTimedOut;
  print_end(client, socket, *ended);
  return status_named(ended->state);
}

// What is said of the first pattern that means no task; "" if each means one.
Result<std::string> missing_note(const std::string& socket, const Arguments& patterns) {
  for (const std::string& pattern : patterns) {
    const Result<std::vector<TaskEntry>> tasks = daemon_tasks(socket, {pattern});
    if (!tasks) return tasks.error();
    if (!tasks->empty()) continue;
    Error missing = missing_of_daemon(socket, pattern, false);
    if (missing.code != ErrorCode::NotFound) return missing;
    return std::move(missing.message);
  }
  return std::string();
}

std::string event_line(const control::Event& event, const Record& record, bool json) {
  if (!json) {
    return std::to_string(event.position) + "  " + printable(event.task_id) + "  " +
           record_text(record) + "\n";
  }
  Json object;
  object["position"] = event.position;
  object["task_id"] = event.task_id;
  object.update(record_json(record));
  return json_line(object) + "\n";
}

// Returns false when nothing more comes.
Result<bool> print_event(const control::Reply& reply, bool json, Output& out) {
  if (const auto* failure = std::get_if<Error>(&reply.body)) return *failure;
  if (std::holds_alternative<control::Finished>(reply.body)) return false;
  const auto* event = std::get_if<control::Event>(&reply.body);
  if (event == nullptr) return true;
  const auto print = [&](const Record& record) { out.print(event_line(*event, record, json)); };
  if (Status decoded = decode_event(*event, print); !decoded) return decoded.error();
  return !out.closed();
}

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
  return wait ? wait_for(*client, socket, task_id, std::nullopt) : CommandOutcome(kExitDone);
}

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
    const CommandOutcome ended = wait_for(*client, socket, id, left);
    if (!ended) return ended.error();
    if (*ended == kExitTimedOut) return kExitTimedOut;
    if (worst == kExitDone) worst = *ended;
  }
  return worst;
}

CommandOutcome events_command(const Arguments& arguments, CommonOptions common) {
  std::string socket = default_socket();
  std::optional<std::string> since;
  bool follow = false;
  bool json = false;
  bool progress = false;
  OptionParser parser("events", kEventsHelp, common);
  parser.text("--socket", socket);
  parser.text("--since", since);
  parser.flag("-f,--follow", follow);
  parser.flag("--progress", progress);
  parser.flag("--json", json);
  auto parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  std::optional<ProgressLines> lines;
  if (progress) {
    const Result<Paths> root = asked_paths(socket, common);
    if (!root) return root.error();
    lines.emplace(*root, json);
  }
  control::Subscribe subscribe;
  subscribe.patterns = **parsed;
  subscribe.follow = follow;
  // Without --since: all past events, or with -f only new ones.
  subscribe.since = follow ? 0 : 1;
  if (since) {
    auto position = parse_count("--since", *since);
    if (!position) return position.error();
    subscribe.since = std::max<std::uint64_t>(1, *position);
  }
  const Result<std::string> note = missing_note(socket, subscribe.patterns);
  if (!note) return note.error();
  if (!note->empty() && !follow) return Error{ErrorCode::NotFound, *note};
  bool told = note->empty();
  const auto tell = [&] {
    if (!std::exchange(told, true)) print_error("waiting for a task: " + *note);
  };
  if (subscribe.since > 0) tell();
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  if (auto sent = client->send(std::move(subscribe)); !sent) return sent.error();
  Output out(STDOUT_FILENO);
  for (;;) {
    auto reply = client->receive(lines && follow ? lines->patience(read_clocks()) : -1);
    if (!reply) return reply.error();
    if (*reply) {
      if (std::holds_alternative<control::Snapshot>((*reply)->body)) tell();
      auto more = print_event(**reply, json, out);
      if (!more) return more.error();
      if (!*more) {
        if (lines) out.print(lines->take(read_clocks(), true));
        return finish_output(out);
      }
    }
    if (!lines) continue;
    const Timestamp now = read_clocks();
    const auto* event = *reply ? std::get_if<control::Event>(&(*reply)->body) : nullptr;
    if (event != nullptr) lines->on_event(event->task_id, now);
    if (follow) out.print(lines->take(now));  // else one line a task, at the end
  }
}

}  // namespace thermos
