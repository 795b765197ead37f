#include "reactor/commands/remote_view.h"

#include <cmath>
#include <string>

namespace thermos {
namespace {

Microseconds time_of(const Json& object, const char* key) {
  return static_cast<Microseconds>(
      std::llround(object.value(key, 0.0) * static_cast<double>(kSecond)));
}

Timestamp at(Microseconds wall) {
  return {wall, wall};
}

std::optional<Origin> origin_from(std::string_view name) {
  for (std::size_t i = 0; i < kOrigins; ++i) {
    const auto origin = static_cast<Origin>(i);
    if (name_of(origin) == name) return origin;
  }
  return std::nullopt;
}

RunnerHeader header_of(const Json& json) {
  RunnerHeader header;
  header.task_id = json.value("task_id", "");
  header.sandbox = json.value("sandbox", "");
  header.log_dir = json.value("log_dir", "");
  header.hostname = json.value("hostname", "");
  header.user = json.value("user", "");
  header.uid = json.value("uid", 0U);
  header.launch_time = json.value("launch_time_ms", std::int64_t{0}) * 1000;
  header.chroot = json.value("chroot", false);
  header.continues = json.value("continues", "");
  return header;
}

// Makes the history from records, like any other. Steps that the rules of states refuse, such as
// those of a later version, are left out.
class HistoryReader {
 public:
  explicit HistoryReader(const Json& task) {
    if (!task.contains("header")) return;
    add(header_of(task["header"]));
    for (const Json& step : task.value("statuses", Json::array())) add_step(step);
    const Json totals = task.value("totals", Json::object());
    const Json processes = task.value("processes", Json::object());
    for (const auto& [name, runs] : processes.items()) {
      add_latest(name, runs);
    }
    for (const Json& name : task.value("stopped", Json::array())) {
      const auto process = name.get<std::string>();
      ProcessOrder order;
      order.process = process;
      order.verb = Verb::Stop;
      add(order);
    }
    add_replacement(task);
    if (task.contains("shortage")) add_shortage(task["shortage"]);
    if (task.contains("leadership")) add(leadership_of(task["leadership"]));
    for (const Json& gone : task.value("gone_nodes", Json::array())) {
      add(NodeChange{gone.value("node", "?"), true,
                     at(gone.value("timestamp_ms", Microseconds{0}) * 1000),
                     gone.value("reason", "")});
    }
  }

  History take() { return std::move(history_); }

 private:
  void add(const Record& record) { static_cast<void>(history_.apply(record).ok()); }

  static Leadership leadership_of(const Json& json) {
    Leadership place;
    place.at.wall = json.value("timestamp_ms", Microseconds{0}) * 1000;
    place.hostname = json.value("hostname", "");
    place.engine = json.value("engine", "");
    place.job = json.value("job", "");
    place.restarts = json.value("restarts", 0U);
    place.until = json.value("until_ms", Microseconds{0}) * 1000;
    place.yields = json.value("yields", false);
    place.decision = json.value("decision", "");
    return place;
  }

  // Adds one replacement that stands for all of them.
  void add_replacement(const Json& task) {
    Replacement replacement;
    replacement.generation = 1;
    for (const Json& name : task.value("changed", Json::array())) {
      replacement.changed.push_back(name.get<std::string>());
    }
    for (const Json& name : task.value("removed", Json::array())) {
      replacement.removed.push_back(name.get<std::string>());
    }
    if (!replacement.changed.empty() || !replacement.removed.empty()) add(replacement);
  }

  void add_shortage(const Json& json) {
    TaskStatus status;
    const std::string reason = json.value("reason", "");
    status.state = history_.state();
    status.at = at(json.value("timestamp_ms", std::int64_t{0}) * 1000);
    status.shortage = shortage_from(json.value("of", "")).value_or(Shortage::Other);
    status.reason = reason;
    add(status);
  }

  void add_step(const Json& step) {
    TaskStatus status;
    const auto state = task_state_from(step.value("state", ""));
    if (!state) return;
    const std::string reason = step.value("reason", "");
    status.state = *state;
    status.at = at(step.value("timestamp_ms", std::int64_t{0}) * 1000);
    status.runner_pid = step.value("runner_pid", 0);
    status.runner_uid = step.value("runner_uid", 0U);
    status.reason = reason;
    add(status);
  }

  // A WAITING run has printed nothing, so the run before it is needed, too.
  void add_latest(const std::string& name, const Json& runs) {
    if (runs.empty()) return;
    const Json& latest = runs.back();
    if (runs.size() > 1 && latest.value("state", "") == name_of(ProcessState::Waiting)) {
      const Json& before = runs[runs.size() - 2];
      const auto next = before.value("seq", std::uint64_t{0}) + 1;
      if (latest.value("seq", std::uint64_t{0}) == next) add_run(name, before);
    }
    add_run(name, latest);
  }

  void add_run(const std::string& name, const Json& run) {
    const auto state = process_state_from(run.value("state", ""));
    if (!state) return;
    const bool forked = run.contains("fork_time");
    const bool started = run.contains("start_time");
    const std::uint64_t steps =
        1U + (forked ? 1U : 0U) + (started ? 1U : 0U) + (is_terminal(*state) ? 1U : 0U);
    ProcessStatus status;
    status.process = name;
    status.run = run.value("run", 0U);
    const std::uint64_t seq = run.value("seq", std::uint64_t{0});
    if (seq + 1 < steps) return;
    status.seq = seq + 1 - steps;
    if (status.seq > 0 && !history_.find(name)) {
      ProcessSummary before;
      before.process = name;
      before.next_seq = status.seq;
      before.next_run = status.run;
      add(before);
    }
    status.at = at(time_of(run, "waiting_time"));
    add(status);
    const std::string node = run.value("node", "");
    if (!node.empty()) add(ProcessReport{name, status.run, ReportKind::Placed, status.at, node, 0});
    if (forked) {
      status.identity = {run.value("coordinator_pid", 0), 0};
      add_next(status, ProcessState::Forked, time_of(run, "fork_time"));
    }
    if (started) {
      status.identity = {run.value("pid", 0), 0};
      add_next(status, ProcessState::Running, time_of(run, "start_time"));
    }
    add_reports(name, status, run);
    if (!is_terminal(*state)) return;
    status.origin = origin_from(run.value("origin", "")).value_or(Origin::Recorded);
    const bool taken_over = status.origin == Origin::TakenOver;
    const std::string reason = run.value(taken_over ? "taken_over_from" : "reason", "");
    status.identity = {};
    status.reason = reason;
    if (run.contains("return_code")) status.return_code = run["return_code"].get<std::int32_t>();
    add_next(status, *state, time_of(run, "stop_time"));
  }

  // Adds the run's own status and the refusals of its health check.
  void add_reports(const std::string& name, const ProcessStatus& status, const Json& run) {
    ProcessReport report;
    report.process = name;
    report.run = status.run;
    report.at = status.at;
    const std::string said = run.value("status", "");
    if (!said.empty()) {
      report.kind = ReportKind::Status;
      report.text = said;
      ++report.at.boot;
      add(report);
    }
    report.kind = ReportKind::Unhealthy;
    report.text = {};
    for (auto left = run.value("refusals", std::uint16_t{0}); left > 0; --left) {
      ++report.at.boot;
      add(report);
    }
  }

  void add_next(ProcessStatus& status, ProcessState state, Microseconds time) {
    ++status.seq;
    status.state = state;
    status.at = at(time);
    add(status);
  }

  History history_;
};

std::vector<PoolOutlook::Share> shares_of(const Json& list) {
  std::vector<PoolOutlook::Share> shares;
  for (const Json& share : list)
    shares.push_back({share.value("process", "?"), share.value("amount", 0U)});
  return shares;
}

PoolOutlook pool_of(const Json& json) {
  PoolOutlook pool;
  pool.pool = json.value("pool", "?");
  if (json.contains("size")) pool.size = json["size"].get<std::uint32_t>();
  pool.used_by = shares_of(json.value("used_by", Json::array()));
  pool.waiting = shares_of(json.value("waiting", Json::array()));
  return pool;
}

}  // namespace

TaskView view_of(const Json& task) {
  TaskView view;
  view.entry.id = task.value("task_id", "?");
  view.error = task.value("error", "");
  if (view.error.empty()) view.history = HistoryReader(task).take();
  const auto state = task_state_from(task.value("state", ""));
  const bool ended = state && is_terminal(*state);
  view.entry.directory = ended ? TaskDirectory::Finished : TaskDirectory::Active;
  const Json backoff = task.value("backoff", Json::object());
  for (const auto& [name, until] : backoff.items()) {
    view.outlooks[name].next_try =
        static_cast<Microseconds>(std::llround(until.get<double>() * static_cast<double>(kSecond)));
  }
  for (const Json& name : task.value("fatal", Json::array())) {
    view.outlooks[name.get<std::string>()].fatal = true;
  }
  view.not_started = task.value("not_started", std::size_t{0});
  for (const Json& pool : task.value("pools", Json::array())) view.pools.push_back(pool_of(pool));
  return view;
}

}  // namespace thermos
