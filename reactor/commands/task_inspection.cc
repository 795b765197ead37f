#include "reactor/commands/task_inspection.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <string_view>

#include "reactor/cli/terminal_text.h"
#include "reactor/os/files.h"
#include "reactor/os/lock_holder.h"
#include "reactor/show/task_text.h"
#include "reactor/store/ancestor_stream.h"
#include "reactor/store/recorded_task.h"
#include "reactor/store/stream_lock.h"
#include "reactor/views/failures.h"
#include "reactor/views/record_lines.h"

namespace thermos {
namespace {

// The format of /proc/sys/kernel/random/boot_id.
std::string boot_text(const BootId& boot) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", boot.high >> 32,
                     (boot.high >> 16) & 0xffff, boot.high & 0xffff, boot.low >> 48,
                     boot.low & 0xffffffffffff);
}

std::string totals_text(const RunTotals& totals) {
  std::string text;
  const auto add = [&](std::uint64_t count, std::string_view name) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
  };
  add(totals.success, "SUCCESS");
  add(totals.failed, "FAILED");
  add(totals.killed, "KILLED");
  add(totals.lost, "LOST");
  return text;
}

void add_moment(std::string& text, std::string_view what, std::int32_t pid,
                const std::optional<Timestamp>& at) {
  if (!at) return;
  text += fmt::format("      {:<12}{}", what, timestamp_text(at->wall));
  if (pid != 0) text += fmt::format("  pid {}", pid);
  text += '\n';
}

void add_run(std::string& text, const Run& run) {
  text += fmt::format("    run {} {}", run.number, name_of(run.state));
  if (const auto took = run_duration(run)) text += " after " + duration_text(*took);
  const bool taken_over = !run.taken_over_from().empty();
  const std::string ending =
      ending_words(run.return_code, taken_over ? std::string_view() : run.reason, {});
  if (!ending.empty()) text += ", " + ending;
  if (taken_over) {
    text += fmt::format(" [taken over from {}]", printable(run.taken_over_from()));
  } else if (run.origin != Origin::Recorded)
    text += fmt::format(" [{}]", name_of(run.origin));
  text += '\n';
  add_moment(text, "waiting", 0, run.waiting);
  add_moment(text, "coordinator", run.coordinator.pid, run.forked);
  add_moment(text, "process", run.process.pid, run.started);
  add_moment(text, "stopped", 0, run.stopped);
  const std::string used = usage_text(run.usage);
  if (!used.empty()) text += fmt::format("      {:<12}{}\n", "used", used);
}

// The configured processes by name. A process of a replaced configuration may be missing.
class Configs {
 public:
  explicit Configs(const TaskInspection& task) {
    if (!task.config) return;
    for (const ProcessConfig& config : task.config->processes) all_[config.name] = &config;
  }
  const ProcessConfig* find(std::string_view name) const {
    const auto it = all_.find(name);
    return it == all_.end() ? nullptr : it->second;
  }

 private:
  std::map<std::string_view, const ProcessConfig*> all_;
};

// Returns the configured processes that have nothing on record yet.
std::vector<const ProcessConfig*> not_begun(const TaskInspection& task) {
  std::vector<const ProcessConfig*> waiting;
  if (!task.config) return waiting;
  for (const ProcessConfig& config : task.config->processes) {
    if (!task.history.find(config.name)) waiting.push_back(&config);
  }
  return waiting;
}

// Adds the settings and the command of a process.
void add_config(std::string& text, const ProcessConfig* config) {
  if (config == nullptr) return;
  const std::string settings = settings_text(*config);
  if (!settings.empty()) text += "    [" + settings + "]\n";
  text += command_text(*config);
}

void add_config(Json& json, const ProcessConfig* config) {
  if (config == nullptr) return;
  if (config->argv.empty()) {
    json["cmdline"] = config->cmdline;
  } else {
    json["argv"] = config->argv;
  }
}

void add_process(std::string& text, const ProcessHistory& process, bool held,
                 const ProcessConfig* config, const InspectedPart& part) {
  text += fmt::format("  {}: {} run{}", printable(process.name), process.next_run,
                      process.next_run == 1 ? "" : "s");
  if (process.totals.all() > 0) text += " (" + totals_text(process.totals) + ")";
  if (process.first_failed) text += fmt::format(", run {} failed first", *process.first_failed);
  text += held ? ", its lock is held\n" : "\n";
  add_config(text, config);
  const std::size_t dropped = process.next_run - process.runs.size();
  if (dropped > 0) {
    text += fmt::format("    {} older run{} compacted away\n", dropped, dropped == 1 ? "" : "s");
  }
  for (const Run& run : process.runs) {
    if (part.has(run)) add_run(text, run);
  }
}

std::string led_text(const TaskInspection& task) {
  if (!task.led) return "nobody leads it";
  if (!task.leader) return "led by a process that cannot be seen from here";
  return fmt::format("led by pid {}", *task.leader);
}

// The task itself: where it runs, who led it, and its states.
void add_task(std::string& text, const TaskInspection& task, const InspectedPart& part) {
  const History& history = task.history;
  if (const auto& header = history.header()) {
    text += fmt::format("  user         {} ({}) on {}\n", printable(header->user), header->uid,
                        printable(header->hostname));
    text += fmt::format("  sandbox      {}{}\n", printable(header->sandbox),
                        header->chroot ? " (the root)" : "");
    text += fmt::format(
        "  logs         {}, of {}\n", printable(header->log_dir),
        header->keep_logs == 0 ? "all runs" : fmt::format("the last {} runs", header->keep_logs));
    for (const auto& [name, port] : header->ports) {
      text += fmt::format("  port         {} {}\n", printable(name), port);
    }
    if (!header->continues.empty()) {
      text += fmt::format("  goes on from {}\n", printable(header->continues));
    }
    text += fmt::format("  launched     {}\n", timestamp_text(header->launch_time));
  }
  text += fmt::format("  checkpoint   {}\n", printable(task.stream));
  if (const auto last = last_update(history)) {
    text += fmt::format("  last update  {}\n", timestamp_text(*last));
  }
  const std::vector<RunnerSpan> runners = runners_of(history);
  text += fmt::format("\nrunners ({})\n", runners.size());
  for (const RunnerSpan& runner : runners) {
    text += fmt::format("  {}  pid {} uid {} boot {}\n", timestamp_text(runner.from), runner.pid,
                        runner.uid, boot_text(runner.boot));
  }
  text += fmt::format("\nstates ({})\n", history.steps().size());
  for (const TaskStep& step : history.steps()) {
    if (part.since && step.status.at.wall < *part.since) continue;
    text += fmt::format("  {}  {} by pid {}", timestamp_text(step.status.at.wall),
                        name_of(step.status.state), step.status.runner_pid);
    if (!step.reason.empty()) text += ", " + printable(step.reason);
    text += '\n';
  }
}

// Removes everything outside of `part` from the result of history_json().
void keep_part(Json& json, const InspectedPart& part, const History& history) {
  if (!part.processes.empty()) {
    Json kept = Json::object();
    for (auto& [name, runs] : json["processes"].items()) {
      if (part.has(name)) kept[name] = std::move(runs);
    }
    json["processes"] = std::move(kept);
  }
  if (!part.run && !part.since) return;
  for (const ProcessHistory& process : history.processes()) {
    if (!json["processes"].contains(process.name)) continue;
    Json kept = Json::array();
    for (Json& run : json["processes"][process.name]) {
      const Run* known = process.run(run.at("run").get<std::uint32_t>());
      if (known != nullptr && part.has(*known)) kept.push_back(std::move(run));
    }
    json["processes"][process.name] = std::move(kept);
  }
  if (!part.since) return;
  Json steps = Json::array();
  for (Json& step : json["statuses"]) {
    if (step.at("timestamp_ms").get<std::int64_t>() >= *part.since / 1000) {
      steps.push_back(std::move(step));
    }
  }
  json["statuses"] = std::move(steps);
}

}  // namespace

bool InspectedPart::has(const Run& one) const {
  if (run && *run != one.number) return false;
  return !since || !one.stopped || one.stopped->wall >= *since;
}

bool InspectedPart::has(const std::string& process) const {
  return processes.empty() ||
         std::find(processes.begin(), processes.end(), process) != processes.end();
}

std::vector<RunnerSpan> runners_of(const History& history) {
  std::vector<RunnerSpan> runners;
  const std::vector<TaskStep>& steps = history.steps();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const TaskStatus& status = steps[i].status;
    const bool takes_lead = i > 0 && only_takes_lead(steps[i - 1], steps[i]);
    if (runners.empty() || takes_lead || runners.back().pid != status.runner_pid ||
        runners.back().boot != status.boot) {
      runners.push_back({status.runner_pid, status.runner_uid, status.boot, status.at.wall, 0});
    }
    runners.back().last = status.at.wall;
  }
  return runners;
}

std::optional<Microseconds> last_update(const ProcessHistory& process) {
  std::optional<Microseconds> last;
  if (process.last_end) last = process.last_end->wall;
  if (const Run* run = process.current()) {
    last = run->waiting.wall;
    for (const auto& at : {run->forked, run->started, run->stopped}) {
      if (at) last = at->wall;
    }
  }
  return last;
}

std::optional<Microseconds> last_update(const History& history) {
  std::optional<Microseconds> last;
  if (!history.steps().empty()) last = history.steps().back().status.at.wall;
  for (const ProcessHistory& process : history.processes()) {
    const auto other = last_update(process);
    if (other && (!last || *other > *last)) last = other;
  }
  return last;
}

Result<TaskInspection> inspect_task(const Paths& paths, const std::string& task_id) {
  if (!may_be_task(task_id)) {
    return Error{ErrorCode::Usage,
                 "--task-id " + task_id + ": " + check_task_id(task_id).error().message};
  }
  TaskInspection task;
  task.entry.id = task_id;
  task.stream = paths.runner_stream(task_id);
  if (exists(paths.active_task(task_id))) {
    task.entry.directory = TaskDirectory::Active;
  } else if (exists(paths.finished_task(task_id))) {
    task.entry.directory = TaskDirectory::Finished;
  } else {
    return Error{ErrorCode::NotFound, "no task " + task_id + " under " + paths.root()};
  }
  auto history = read_recorded_task(paths, task_id);
  // An active task without a stream was created, and its runner did not write yet.
  if (!history && !(history.error().code == ErrorCode::NotFound &&
                    task.entry.directory == TaskDirectory::Active)) {
    return history.error();
  }
  if (history) task.history = std::move(*history);
  task.config = read_recorded_config(paths, task_id, task.entry.directory);
  const auto locked = stream_is_locked(task.stream);
  if (!locked) return locked.error();
  task.led = *locked;
  if (const auto holder = lock_holder(task.stream)) task.leader = holder->pid;
  for (const ProcessHistory& process : task.history.processes()) {
    const auto held = stream_is_locked(paths.coordinator_stream(task_id, process.name));
    task.held[process.name] = held && *held;
  }
  return task;
}

std::string inspection_text(const TaskInspection& task, const InspectedPart& part) {
  const History& history = task.history;
  std::string text = fmt::format("task {}: {}, {}\n", printable(task.entry.id),
                                 name_of(history.state()), led_text(task));
  if (part.processes.empty()) add_task(text, task, part);
  const std::vector<const ProcessConfig*> waiting = not_begun(task);
  if (part.processes.empty()) {
    text += fmt::format("\nprocesses ({})\n", history.processes().size() + waiting.size());
  }
  const Configs configs(task);
  for (const ProcessHistory& process : history.processes()) {
    if (!part.has(process.name)) continue;
    const auto held = task.held.find(process.name);
    add_process(text, process, held != task.held.end() && held->second, configs.find(process.name),
                part);
  }
  for (const ProcessConfig* process : waiting) {
    if (!part.has(process->name)) continue;
    text += "  " + printable(process->name) + ": has not run\n";
    add_config(text, process);
  }
  return text;
}

Json inspection_json(const TaskInspection& task, const InspectedPart& part) {
  const History& history = task.history;
  Json json = history_json(history);
  keep_part(json, part, history);
  json["task_id"] = task.entry.id;
  json["shelf"] = task.entry.directory == TaskDirectory::Active ? "active" : "finished";
  json["stream"] = task.stream;
  json["led"] = task.led;
  if (task.leader) json["leader_pid"] = *task.leader;
  if (const auto last = last_update(history)) json["last_update_ms"] = *last / 1000;
  Json runners = Json::array();
  for (const RunnerSpan& runner : runners_of(history)) {
    runners.push_back(Json{{"pid", runner.pid},
                           {"uid", runner.uid},
                           {"from_ms", runner.from / 1000},
                           {"last_ms", runner.last / 1000},
                           {"boot", boot_text(runner.boot)}});
  }
  json["runners"] = std::move(runners);
  // Appended without the map's search for the key, as in history_json().
  Json::object_t details;
  const Configs configs(task);
  for (const ProcessHistory& process : history.processes()) {
    if (!part.has(process.name)) continue;
    const auto held = task.held.find(process.name);
    Json detail{{"runs", process.next_run},
                {"kept_runs", process.runs.size()},
                {"totals", totals_json(process.totals, process.used)}};
    if (process.first_failed) detail["first_failed"] = *process.first_failed;
    if (const auto last = last_update(process)) detail["last_update_ms"] = *last / 1000;
    detail["lock_held"] = held != task.held.end() && held->second;
    add_config(detail, configs.find(process.name));
    static_cast<Json::object_t::Container&>(details).emplace_back(process.name, std::move(detail));
  }
  for (const ProcessConfig* process : not_begun(task)) {
    if (!part.has(process->name)) continue;
    Json detail{
        {"runs", 0}, {"kept_runs", 0}, {"totals", totals_json({}, {})}, {"lock_held", false}};
    add_config(detail, process);
    static_cast<Json::object_t::Container&>(details).emplace_back(process->name, std::move(detail));
  }
  json["process_details"] = std::move(details);
  return json;
}

}  // namespace thermos
