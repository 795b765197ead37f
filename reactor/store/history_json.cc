#include "reactor/store/history_json.h"

#include <algorithm>

#include <string>

namespace thermos {
namespace {

double seconds(Microseconds time) {
  return static_cast<double>(time) / static_cast<double>(kSecond);
}

Json step_json(const TaskStep& step) {
  Json json{{"state", name_of(step.status.state)},
            {"timestamp_ms", step.status.at.wall / 1000},
            {"runner_pid", step.status.runner_pid},
            {"runner_uid", step.status.runner_uid}};
  if (!step.reason.empty()) json["reason"] = step.reason;
  return json;
}

Json run_json(const Run& run) {
  Json json{{"run", run.number}, {"seq", run.seq}, {"state", name_of(run.state)}};
  json["waiting_time"] = seconds(run.waiting.wall);
  if (run.node) json["node"] = *run.node;
  if (run.coordinator.pid != 0) json["coordinator_pid"] = run.coordinator.pid;
  if (run.forked) json["fork_time"] = seconds(run.forked->wall);
  if (run.started) json["start_time"] = seconds(run.started->wall);
  if (run.process.pid != 0) json["pid"] = run.process.pid;
  if (run.ready) json["ready_time"] = seconds(run.ready->wall);
  if (run.refusals > 0) json["refusals"] = run.refusals;
  if (run.stopped) json["stop_time"] = seconds(run.stopped->wall);
  if (run.return_code) json["return_code"] = *run.return_code;
  json.update(usage_json(run.usage));
  json["origin"] = name_of(run.origin);
  if (!run.taken_over_from().empty()) {
    json["taken_over_from"] = run.taken_over_from();
  } else if (!run.reason.empty()) {
    json["reason"] = run.reason;
  }
  return json;
}

// Adds what the current run has reported of itself.
void add_said(Json& run, const Said& said) {
  if (said.status_at) run["status"] = said.status;
  if (said.stopping) run["stopping_time"] = seconds(said.stopping->wall);
}

Json leadership_json(const Leadership& place) {
  Json json{{"timestamp_ms", place.at.wall / 1000}, {"hostname", place.hostname}};
  if (!place.engine.empty()) json["engine"] = place.engine;
  if (!place.job.empty()) json["job"] = place.job;
  if (place.restarts != 0) json["restarts"] = place.restarts;
  if (place.until != 0) json["until_ms"] = place.until / 1000;
  if (place.yields) json["yields"] = true;
  if (!place.decision.empty()) json["decision"] = place.decision;
  return json;
}

Json shortage_json(const History& history) {
  const TaskStep& shortage = *history.shortage();
  const auto& all = history.processes();
  const auto waiting = std::count_if(all.begin(), all.end(), [](const ProcessHistory& process) {
    return process.live() && process.current()->state == ProcessState::Waiting;
  });
  return {{"of", name_of(shortage.status.shortage)},
          {"timestamp_ms", shortage.status.at.wall / 1000},
          {"waiting", waiting},
          {"reason", shortage.reason}};
}

Json node_json(const NodeChange& change) {
  Json json{{"node", change.node}, {"gone", change.gone}, {"timestamp_ms", change.at.wall / 1000}};
  if (!change.reason.empty()) json["reason"] = change.reason;
  return json;
}

Json replacement_json(const Replacement& replacement) {
  Json json{{"generation", replacement.generation},
            {"timestamp_ms", replacement.at.wall / 1000},
            {"changed", replacement.changed},
            {"added", replacement.added},
            {"removed", replacement.removed}};
  if (!replacement.reason.empty()) json["reason"] = replacement.reason;
  return json;
}

}  // namespace

Json usage_json(const Usage& usage) {
  Json json = Json::object();
  if (usage.known()) {
    json["cpu_user"] = seconds(usage.user);
    json["cpu_system"] = seconds(usage.system);
  }
  if (usage.peak > 0) json["peak_memory"] = usage.peak;
  return json;
}

Json header_json(const RunnerHeader& header) {
  Json ports = Json::object();
  for (const auto& [name, port] : header.ports) ports[name] = port;
  Json json{{"task_id", header.task_id},
            {"sandbox", header.sandbox},
            {"log_dir", header.log_dir},
            {"hostname", header.hostname},
            {"user", header.user},
            {"uid", header.uid},
            {"launch_time_ms", header.launch_time / 1000},
            {"ports", std::move(ports)},
            {"chroot", header.chroot},
            {"keep_logs", header.keep_logs}};
  if (!header.continues.empty()) json["continues"] = header.continues;
  if (!header.trace_parent.empty()) json["trace_parent"] = header.trace_parent;
  return json;
}

Json totals_json(const RunTotals& totals, const UsageTotals& used) {
  Json json{{"success", totals.success},
            {"failed", totals.failed},
            {"killed", totals.killed},
            {"lost", totals.lost}};
  if (!used.known()) return json;
  json["cpu_user"] = seconds(static_cast<Microseconds>(used.user));
  json["cpu_system"] = seconds(static_cast<Microseconds>(used.system));
  if (used.peak > 0) json["peak_memory"] = used.peak;
  return json;
}

Json runs_json(const ProcessHistory& process) {
  Json runs = Json::array();
  for (const Run& run : process.runs) runs.push_back(run_json(run));
  if (process.said && process.live()) add_said(runs.back(), *process.said);
  return runs;
}

namespace {

Json processes_json(const History& history) {
  // Appended without the map's search for an existing key, with which a task of 100,000 processes
  // would take minutes. Names are unique in a history.
  Json::object_t processes;
  for (const ProcessHistory& process : history.processes()) {
    if (!has_past(process)) continue;
    static_cast<Json::object_t::Container&>(processes).emplace_back(process.name,
                                                                    runs_json(process));
  }
  return processes;
}

Json whole_or_head(const History& history, bool with_processes) {
  Json json = Json::object();
  if (history.header()) json["task_id"] = history.header()->task_id;
  json["state"] = name_of(history.state());
  if (history.header()) json["header"] = header_json(*history.header());
  Json statuses = Json::array();
  for (const TaskStep& step : history.steps()) statuses.push_back(step_json(step));
  json["statuses"] = std::move(statuses);
  if (with_processes) json["processes"] = processes_json(history);
  Json totals = Json::object();
  Json stopped = Json::array();
  Json removed = Json::array();
  Json changed = Json::array();
  for (const ProcessHistory& process : history.processes()) {
    if (process.removed) {
      removed.push_back(process.name);
    } else if (process.held) {
      stopped.push_back(process.name);
    }
    if (!process.removed && !process.begun() && process.next_run > 0) {
      changed.push_back(process.name);
    }
    if (process.totals.all() > process.runs.size()) {
      totals[process.name] = totals_json(process.totals, process.used);
    }
  }
  if (!totals.empty()) json["totals"] = std::move(totals);
  if (!stopped.empty()) json["stopped"] = std::move(stopped);
  if (!changed.empty()) json["changed"] = std::move(changed);
  if (!removed.empty()) json["removed"] = std::move(removed);
  Json replacements = Json::array();
  for (const Replacement& replacement : history.replacements()) {
    replacements.push_back(replacement_json(replacement));
  }
  if (!replacements.empty()) json["replacements"] = std::move(replacements);
  if (history.shortage()) json["shortage"] = shortage_json(history);
  if (history.leadership()) json["leadership"] = leadership_json(*history.leadership());
  Json gone = Json::array();
  for (const NodeChange& change : history.gone_nodes()) gone.push_back(node_json(change));
  if (!gone.empty()) json["gone_nodes"] = std::move(gone);
  return json;
}

}  // namespace

Json history_json(const History& history) {
  return whole_or_head(history, true);
}

Json history_head_json(const History& history) {
  return whole_or_head(history, false);
}

Json status_json(const ProcessStatus& status) {
  Json json{{"process", status.process},
            {"seq", status.seq},
            {"run", status.run},
            {"state", name_of(status.state)}};
  switch (status.state) {
    case ProcessState::Waiting:
      json["time"] = seconds(status.at.wall);
      break;
    case ProcessState::Forked:
      json["coordinator_pid"] = status.identity.pid;
      json["fork_time"] = seconds(status.at.wall);
      break;
    case ProcessState::Running:
      json["start_time"] = seconds(status.at.wall);
      json["pid"] = status.identity.pid;
      break;
    default:
      json["stop_time"] = seconds(status.at.wall);
      break;
  }
  if (status.return_code) json["return_code"] = *status.return_code;
  json.update(usage_json(status.usage));
  json["origin"] = name_of(status.origin);
  if (!status.reason.empty()) json["reason"] = status.reason;
  return json;
}

Json record_json(const Record& record) {
  Json json;
  if (const auto* process = std::get_if<ProcessStatus>(&record)) {
    json["kind"] = "process";
    json.update(status_json(*process));
  } else if (const auto* task = std::get_if<TaskStatus>(&record)) {
    const bool is_shortage = task->shortage != Shortage::None;
    json["kind"] = is_shortage ? "shortage" : "task";
    if (is_shortage) {
      json["of"] = name_of(task->shortage);
      json["over"] = task->shortage_over;
    }
    json["state"] = name_of(task->state);
    json["timestamp_ms"] = task->at.wall / 1000;
    if (task->state != TaskState::Active) json["goal"] = name_of(task->goal);
    if (!task->reason.empty()) json["reason"] = task->reason;
  } else if (const auto* header = std::get_if<RunnerHeader>(&record)) {
    json["kind"] = "header";
    json["sandbox"] = header->sandbox;
    json["user"] = header->user;
    if (!header->continues.empty()) json["continues"] = header->continues;
  } else if (const auto* summary = std::get_if<ProcessSummary>(&record)) {
    json["kind"] = "summary";
    json["process"] = summary->process;
    json["totals"] = totals_json(summary->totals, summary->used);
  } else if (const auto* order = std::get_if<ProcessOrder>(&record)) {
    json["kind"] = "order";
    json["process"] = order->process;
    json["verb"] = name_of(order->verb);
    if (order->revives) json["revives"] = true;
    if (order->yields) json["yields"] = true;
    json["timestamp_ms"] = order->at.wall / 1000;
    if (!order->reason.empty()) json["reason"] = order->reason;
  } else if (const auto* report = std::get_if<ProcessReport>(&record)) {
    json["kind"] = "report";
    json["process"] = report->process;
    json["run"] = report->run;
    json["report"] = name_of(report->kind);
    json["time"] = seconds(report->at.wall);
    if (!report->text.empty()) json["text"] = report->text;
    if (report->kind == ReportKind::Extended) json["until_boot"] = seconds(report->until);
  } else if (const auto* replacement = std::get_if<Replacement>(&record)) {
    json["kind"] = "replacement";
    json.update(replacement_json(*replacement));
  } else if (const auto* place = std::get_if<Leadership>(&record)) {
    json["kind"] = "leadership";
    json.update(leadership_json(*place));
  } else if (const auto* change = std::get_if<NodeChange>(&record)) {
    json["kind"] = "node";
    json.update(node_json(*change));
  }
  return json;
}

std::string json_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace thermos
