// The commands of the daemon's clients: submit, wait, events.
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "capnp/codec.h"
#include "core/base/text.h"
#include "core/config/load.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/configuration.h"
#include "reactor/commands/daemon_replies.h"
#include "reactor/commands/odd_references.h"
#include "reactor/commands/output.h"
#include "reactor/commands/record_text.h"
#include "reactor/commands/run_options.h"
#include "reactor/commands/unused_bindings.h"
#include "reactor/control/control_client.h"
#include "reactor/store/history_json.h"

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

constexpr std::string_view kWaitHelp = R"(Usage: thermos wait [OPTIONS] TASK_ID

Waits until a task of the daemon has ended. The exit status is the task's:
0 SUCCESS, 1 FAILED, 2 KILLED, 3 LOST; 124 if the timeout expires first.

  --timeout SECONDS how long to wait; default: no limit
  --socket S        the daemon's socket
)";

constexpr std::string_view kEventsHelp = R"(Usage: thermos events [OPTIONS] [TASK_ID_REGEX...]

Prints the events of the daemon's tasks, one transition a line, each with its
position.

  --since POSITION  start behind that position: no event is missed or seen
                    twice, also over restarts of the daemon
  -f                continue with new events
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

CommandOutcome wait_for(ControlClient& client, const std::string& socket,
                        const std::string& task_id, const std::optional<Microseconds>& timeout) {
  auto sent = client.send(control::AskWait{task_id, timeout.value_or(-1)});
  if (!sent) return sent.error();
  auto reply = client.receive();
  if (!reply) return reply.error();
  if (const auto* failure = std::get_if<Error>(&(*reply)->body)) return *failure;
  if (const auto* ended = std::get_if<control::Ended>(&(*reply)->body)) {
    print_failures(client, socket, task_id);
    return status_named(ended->state);
  }
  return kExitTimedOut;
}

Result<control::Submit> submission(const std::string& file, const RunOptions& options) {
  auto words = check_run_options(options);
  if (!words) return words.error();
  words->pools = PoolsOf::Daemon;
  const auto text = read_configuration(file, *words);
  if (!text) return text.error();
  auto bound = bind_configuration(*text, *words, wall_now());
  if (!bound) return bound.error();
  if (!options.chroot) {
    if (Status good = check_shell_syntax(*bound, *text, *words); !good) return good.error();
  }
  warn_of_odd_references(*text);
  warn_of_unused_bindings(*text, *words);
  if (Status applied = apply_options(options, bound->task); !applied) return applied.error();
  control::Submit submit;
  submit.task_id = bound->task_id;
  submit.config = config::to_json(bound->task, -1);
  submit.sandbox = options.sandbox.empty() ? "" : absolute_path(options.sandbox);
  submit.user = bound->user;
  submit.chroot = options.chroot;
  if (options.keep_logs) {
    auto keep = parse_count("--keep-logs", *options.keep_logs);
    if (!keep) return keep.error();
    submit.keep_logs = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(*keep, std::numeric_limits<std::uint32_t>::max()));
  }
  submit.ports = words->ports;
  return submit;
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
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Returns false when nothing more comes.
Result<bool> print_event(const control::Reply& reply, bool json, Output& out) {
  if (const auto* failure = std::get_if<Error>(&reply.body)) return *failure;
  if (std::holds_alternative<control::Finished>(reply.body)) return false;
  const auto* event = std::get_if<control::Event>(&reply.body);
  if (event == nullptr) return true;
  // The bytes in a reply have any alignment; decode() requires 8-byte alignment.
  std::vector<std::uint64_t> words((event->record.size() + 7) / 8);
  std::memcpy(words.data(), event->record.data(), event->record.size());
  auto record = decode(std::as_bytes(std::span(words)).first(event->record.size()));
  if (!record) return record.error();
  out.print(event_line(*event, *record, json));
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
  auto submit = submission((*parsed)->front(), options);
  if (!submit) return submit.error();
  submit->replace = replace;
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  const std::string task_id = submit->task_id;
  if (auto sent = client->send(std::move(*submit)); !sent) return sent.error();
  auto reply = client->receive();
  if (!reply) return reply.error();
  if (const auto* failure = std::get_if<Error>(&(*reply)->body)) return *failure;
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
  if ((*parsed)->size() != 1) return Error{ErrorCode::Usage, "wait: takes one TASK_ID"};
  auto timeout = seconds_if_given("--timeout", timeout_text);
  if (!timeout) return timeout.error();
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  return wait_for(*client, socket, (*parsed)->front(), *timeout);
}

CommandOutcome events_command(const Arguments& arguments, CommonOptions common) {
  std::string socket = default_socket();
  std::optional<std::string> since;
  bool follow = false;
  bool json = false;
  OptionParser parser("events", kEventsHelp, common);
  parser.text("--socket", socket);
  parser.text("--since", since);
  parser.flag("-f,--follow", follow);
  parser.flag("--json", json);
  auto parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
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
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  if (auto sent = client->send(std::move(subscribe)); !sent) return sent.error();
  Output out(STDOUT_FILENO);
  for (;;) {
    auto reply = client->receive();
    if (!reply) return reply.error();
    auto more = print_event(**reply, json, out);
    if (!more) return more.error();
    if (!*more) return finish_output(out);
  }
}

}  // namespace thermos
