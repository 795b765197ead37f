// The drill: it kills the daemon, waits for the next one, and checks that no process was lost.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>

#include "reactor/cli/output.h"
#include "reactor/commands/commands.h"
#include "reactor/control/control_client.h"
#include "reactor/control/socket_watch.h"
#include "reactor/daemon/drilled_daemon.h"
#include "reactor/os/clocks.h"

namespace thermos {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDrillHelp = R"(Usage: thermos drill [OPTIONS]

Kills the daemon with SIGKILL and waits until systemd has started it again;
without systemd, starts it itself with the same arguments. Then counts the
processes that were running: adopted, ended meanwhile, or lost. Run it after an
upgrade. Exit status 0: none was lost; 1: some were.

  --timeout SECONDS how long to wait for the new daemon (default 60)
  --json            one JSON object
  --socket S        the daemon's socket
)";

// The pauses between two looks for the new daemon, while no event has announced it.
constexpr Microseconds kFirstPause = kSecond / 50;
constexpr Microseconds kLastPause = kSecond;

// A run that was under way before the drill, by task, process and run number.
struct Running {
  std::string task;
  std::string process;
  std::uint64_t run = 0;
  pid_t coordinator = 0;
  std::string outcome;  // "adopted", how it ended, or why it is lost
  bool lost = false;
};

using Tasks = std::map<std::string, Json>;  // by id

Result<control::Version> ask_version(ControlClient& client, Microseconds patience) {
  const auto reply = client.ask(control::AskVersion{}, patience);
  if (!reply) return reply.error();
  const auto* version = std::get_if<control::Version>(&*reply);
  if (version == nullptr) return Error{ErrorCode::System, "the daemon sent an unexpected answer"};
  return *version;
}

Result<Tasks> ask_tasks(ControlClient& client, control::AskStatus ask) {
  Tasks tasks;
  const Status asked = client.ask_all(std::move(ask), [&](const control::ReplyBody& reply) {
    const auto* status = std::get_if<control::StatusText>(&reply);
    if (status == nullptr) return;
    Json task = Json::parse(status->json, nullptr, false);
    if (!task.is_object() || !task.contains("task_id")) return;
    const auto id = task["task_id"].get<std::string>();
    tasks[id] = std::move(task);
  });
  if (!asked) return asked.error();
  return tasks;
}

std::string state_of(const Json& run) {
  return run.value("state", "");
}

bool lives(const Json& run) {
  return state_of(run) == "FORKED" || state_of(run) == "RUNNING";
}

std::vector<Running> find_running(const Tasks& tasks) {
  std::vector<Running> all;
  for (const auto& [id, task] : tasks) {
    if (!task.contains("processes")) continue;
    for (const auto& [name, runs] : task["processes"].items()) {
      if (runs.empty() || !lives(runs.back())) continue;
      all.push_back({id,
                     name,
                     runs.back().value("run", std::uint64_t{0}),
                     runs.back().value("coordinator_pid", 0),
                     {},
                     false});
    }
  }
  return all;
}

// Returns the pid of the task's latest runner; 0 if there is none.
std::int64_t leader_of(const Json& task) {
  const auto steps = task.find("statuses");
  if (steps == task.end() || steps->empty()) return 0;
  return steps->back().value("runner_pid", std::int64_t{0});
}

void judge(Running& running, const Tasks& after, pid_t leader) {
  running.lost = true;
  const auto task = after.find(running.task);
  if (task == after.end() || !task->second.contains("processes")) {
    running.outcome = "its task is gone";
    return;
  }
  for (const Json& run : task->second["processes"].value(running.process, Json::array())) {
    if (run.value("run", std::uint64_t{0}) != running.run) continue;
    if (!lives(run)) {
      running.outcome = state_of(run);
      running.lost = running.outcome == "LOST";
    } else if (leader_of(task->second) != leader) {
      running.outcome = "its task was not resumed; see the daemon's log";
    } else if (::kill(running.coordinator, 0) != 0 && errno == ESRCH) {
      // Its terminal record exists, but the daemon did not read it yet.
      running.outcome = "ended just now";
      running.lost = false;
    } else {
      running.outcome = "adopted";
      running.lost = false;
    }
    return;
  }
  running.outcome = "its run is not on record any more";
}

// Asks until a daemon answers. Its socket listens when it gets its name, which is an event. There
// is none where inotify can't be had, or where systemd has kept the socket and whoever accepted us
// has gone.
Result<control::Version> wait_for_daemon(const std::string& socket, Microseconds until) {
  SocketWatch watch(socket);
  for (Microseconds pause = kFirstPause;;) {
    const Microseconds left = until - read_clocks().boot;
    if (left <= 0) return Error{ErrorCode::NoDaemon, "no new daemon has answered in time"};
    if (auto client = ControlClient::connect(socket)) {
      if (auto version = ask_version(*client, left)) return version;
    }
    const bool told = watch.wait(std::min(until, read_clocks().boot + pause));
    pause = told ? kFirstPause : std::min(2 * pause, kLastPause);
  }
}

struct Report {
  pid_t killed = 0;
  pid_t successor = 0;
  Microseconds gap = 0;
  std::vector<Running> running;

  std::size_t count(bool (*which)(const Running&)) const {
    return static_cast<std::size_t>(std::count_if(running.begin(), running.end(), which));
  }
  std::size_t adopted() const {
    return count([](const Running& r) { return r.outcome == "adopted"; });
  }
  std::size_t lost() const {
    return count([](const Running& r) { return r.lost; });
  }
  std::size_t ended() const { return running.size() - adopted() - lost(); }
  double seconds() const { return static_cast<double>(gap) / static_cast<double>(kSecond); }
};

std::string as_json(const Report& report) {
  Json lost = Json::array();
  for (const Running& r : report.running) {
    if (r.lost) {
      lost.push_back(
          {{"task_id", r.task}, {"process", r.process}, {"run", r.run}, {"why", r.outcome}});
    }
  }
  const Json json{{"killed_pid", report.killed}, {"pid", report.successor},
                  {"seconds", report.seconds()}, {"running", report.running.size()},
                  {"adopted", report.adopted()}, {"ended", report.ended()},
                  {"lost", std::move(lost)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string as_text(const Report& report) {
  std::string text;
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.3f", report.seconds());
  text += "Killed the daemon (pid " + std::to_string(report.killed) + "); pid " +
          std::to_string(report.successor) + " leads its tasks after " + seconds + " s\n";
  text += std::to_string(report.running.size()) + " running: " + std::to_string(report.adopted()) +
          " adopted, " + std::to_string(report.ended()) + " ended meanwhile, " +
          std::to_string(report.lost()) + " lost\n";
  for (const Running& r : report.running) {
    if (r.lost) {
      text += "  " + r.task + ", " + r.process + ", run " + std::to_string(r.run) + ": " +
              r.outcome + "\n";
    }
  }
  return text;
}

Result<Report> drill(const std::string& socket, Microseconds timeout) {
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  auto version = ask_version(*client, timeout);
  if (!version) return version.error();
  auto daemon = DaemonProcess::of(version->pid);
  if (!daemon) return daemon.error();
  control::AskStatus active;
  active.finished = false;
  auto before = ask_tasks(*client, active);
  if (!before) return before.error();

  Report report;
  report.killed = daemon->pid();
  report.running = find_running(*before);
  const Microseconds start = read_clocks().boot;
  if (auto killed = daemon->kill(); !killed) return killed.error();
  if (!daemon->has_a_keeper()) {
    if (auto started = daemon->start_again(); !started) return started.error();
  }
  auto successor = wait_for_daemon(socket, start + timeout);
  if (!successor) return successor.error();
  report.gap = read_clocks().boot - start;
  report.successor = successor->pid;

  auto again = ControlClient::connect(socket);
  if (!again) return again.error();
  control::AskStatus theirs;
  for (const auto& [id, task] : *before) theirs.patterns.push_back(id);
  if (theirs.patterns.empty()) return report;
  auto after = ask_tasks(*again, theirs);
  if (!after) return after.error();
  for (Running& running : report.running) judge(running, *after, report.successor);
  return report;
}

}  // namespace

CommandOutcome drill_command(const Arguments& arguments, CommonOptions common) {
  std::string socket = default_socket();
  std::string timeout_text = "60";
  bool json = false;
  OptionParser parser("drill", kDrillHelp, common);
  parser.text("--socket", socket);
  parser.text("--timeout", timeout_text);
  parser.flag("--json", json);
  auto parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if (!(*parsed)->empty()) {
    return Error{ErrorCode::Usage, "drill: unexpected argument '" + (*parsed)->front() + "'"};
  }
  auto timeout = parse_seconds("--timeout", timeout_text);
  if (!timeout) return timeout.error();
  auto report = drill(socket, *timeout);
  if (!report) return report.error();
  Output out(STDOUT_FILENO);
  out.print(json ? as_json(*report) : as_text(*report));
  if (auto printed = finish_output(out); !printed) return printed;
  return report->lost() == 0 ? kExitDone : kExitFailed;
}

}  // namespace thermos
