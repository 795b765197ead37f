// The command events.
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/control/control_client.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/lookup/missing_task.h"
#include "reactor/os/clocks.h"
#include "reactor/show/progress_lines.h"
#include "reactor/show/record_text.h"
#include "reactor/store/history_json.h"

namespace thermos {
namespace {

constexpr std::string_view kEventsHelp = R"(Usage: thermos events [OPTIONS] [TASK_ID_REGEX...]

Prints the events of the daemon's tasks, one transition a line, each with its
position: without -f all that there were, with -f only new ones.

  --since POSITION  start behind that position: no event is missed or seen
                    twice, also over restarts of the daemon. With -f, 0 means
                    all that there were, and then new ones
  -f, --follow      continue with new events, also of tasks to come
  --progress        also how far each task is, at most once a second: how many
                    of its processes are done, run or failed, and the time left
                    if earlier tasks of its name tell it
  --json            one JSON object a line
  --socket S        the daemon's socket
)";

// Returns the message for the first pattern that matches no task; "" if each matches one.
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

// Returns false if no more events come, or the reader of `out` is gone.
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
    if (follow)
      out.print(lines->take(now));  // without `follow`, each task gets one line at the end
  }
}

}  // namespace thermos
