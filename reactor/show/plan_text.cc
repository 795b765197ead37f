#include "reactor/show/plan_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/explain/phrases.h"
#include "reactor/cli/terminal_text.h"

namespace thermos {
namespace {

constexpr std::size_t kNarrowest = 10;  // columns of a chart, without the names
constexpr std::size_t kEndWidth = 9;    // "  12h03m"

double seconds(Microseconds time) {
  return static_cast<double>(time) / static_cast<double>(kSecond);
}

std::vector<std::string> names_of(const TaskConfig& task,
                                  const std::vector<ProcessIndex>& processes) {
  std::vector<std::string> names;
  names.reserve(processes.size());
  for (const ProcessIndex p : processes) names.push_back(task.processes[p].name);
  return names;
}

std::string joined(const std::vector<std::string>& names, std::string_view between) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += between;
    text += printable(name);
  }
  return text;
}

std::string makespan_text(const TaskConfig& task, const Plan& plan, const PlanStyle& style) {
  const std::string state = state_text(plan.state, style.line);
  if (plan.state == TaskState::Active) {
    std::vector<std::string> endless;
    for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
      const PlannedProcess& process = plan.played.processes[p];
      if (process.start && !process.end) endless.push_back(task.processes[p].name);
    }
    return "it does not end by itself: " + names_text(endless) +
           (endless.size() == 1 ? " runs" : " run") + " until the task is killed";
  }
  if (!plan.unknown.empty()) {
    return state + " after more than " + duration_text(plan.at_least) + ": nobody knows how long " +
           names_text(names_of(task, plan.unknown)) +
           (plan.unknown.size() == 1 ? " takes" : " take") +
           " (give --duration PROCESS=SECONDS, or --history)";
  }
  std::string text = state + " after " + duration_text(*plan.p50);
  if (plan.rounds > 1) {
    text += " (p50), " + duration_text(*plan.p90) + " (p90)";
  }
  if (style.past_tasks > 0) {
    text += ", by the times of " + count_text(style.past_tasks, "task", "tasks");
  }
  return text;
}

// Returns the critical path. Of a long one, only the two ends are named, because nobody reads
// thousands of names.
std::string path_text(const TaskConfig& task, const Plan& plan) {
  constexpr std::size_t kEnds = 8;
  std::vector<std::string> names = names_of(task, plan.critical_path);
  if (names.size() > 2 * kEnds) {
    const std::size_t between = names.size() - 2 * kEnds;
    names.erase(names.begin() + kEnds, names.end() - kEnds);
    names.insert(names.begin() + kEnds, "(" + std::to_string(between) + " more)");
  }
  return joined(names, " -> ");
}

class Chart {
 public:
  Chart(const TaskConfig& task, const Plan& plan, const PlanStyle& style)
      : task_(task), plan_(plan), style_(style), critical_(task.processes.size()) {
    for (const ProcessIndex p : plan.critical_path) critical_[p] = true;
    end_ = std::max<Microseconds>(plan.played.end, 1);
  }

  std::string text() {
    const std::size_t shown = choose();
    for (std::size_t i = 0; i < shown; ++i) {
      name_width_ = std::max(name_width_, display_width(printable(name(rows_[i]))));
    }
    name_width_ = std::min(name_width_, style_.columns / 3);
    const std::size_t beside = 2 + name_width_ + 1 + kEndWidth;
    width_ = style_.columns > beside + kNarrowest ? style_.columns - beside : kNarrowest;
    std::string text = axis();
    for (std::size_t i = 0; i < shown; ++i) text += row(rows_[i]);
    if (shown < rows_.size()) {
      text += "  and " + std::to_string(rows_.size() - shown) + " more (`--all` shows them)\n";
    }
    return text;
  }

 private:
  const std::string& name(ProcessIndex p) const { return task_.processes[p].name; }
  const PlannedProcess& planned(ProcessIndex p) const { return plan_.played.processes[p]; }

  // Moves the processes to be shown to the front, in the order of their starts. Returns their
  // number.
  std::size_t choose() {
    for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
      if (planned(p).start) rows_.push_back(p);
    }
    const std::size_t shown = style_.most == 0 ? rows_.size() : std::min(rows_.size(), style_.most);
    const auto by_start = [this](ProcessIndex a, ProcessIndex b) {
      return *planned(a).start < *planned(b).start;
    };
    if (shown < rows_.size()) {
      std::stable_partition(rows_.begin(), rows_.end(),
                            [this](ProcessIndex p) { return critical_[p]; });
    }
    std::stable_sort(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(shown), by_start);
    return shown;
  }

  std::size_t column(Microseconds at) const {
    const double part = static_cast<double>(at) / static_cast<double>(end_);
    const auto column = static_cast<std::size_t>(part * static_cast<double>(width_));
    return std::min(column, width_ - 1);
  }

  std::string axis() const {
    const std::string last = duration_text(end_);
    std::string line = "0s";
    if (width_ > line.size() + last.size()) {
      line += std::string(width_ - line.size() - last.size(), ' ') + last;
    }
    return "  " + std::string(name_width_ + 1, ' ') + line + "\n";
  }

  std::string row(ProcessIndex p) const {
    const PlannedProcess& process = planned(p);
    const Microseconds start = std::max<Microseconds>(0, *process.start);
    const Microseconds end = process.end.value_or(end_);
    const std::size_t from = column(start);
    const std::size_t to = std::max(from + 1, end >= end_ ? width_ : column(end));
    const bool critical = critical_[p];
    std::string bar = std::string(from, ' ');
    const std::string drawn(to - from, process.end ? (critical ? '#' : '=') : '>');
    bar += coloured(drawn, critical ? "1" : "2", style_.line);
    bar += std::string(width_ - to, ' ');
    const std::string length = process.end ? duration_text(end - start) : "";
    std::string line = "  " + pad_right(cut_middle(printable(name(p)), name_width_), name_width_) +
                       " " + bar + pad_left(length, kEndWidth);
    return line + "\n";
  }

  const TaskConfig& task_;
  const Plan& plan_;
  const PlanStyle& style_;
  std::vector<bool> critical_;
  std::vector<ProcessIndex> rows_;
  Microseconds end_ = 1;
  std::size_t name_width_ = 1;
  std::size_t width_ = kNarrowest;
};

}  // namespace

std::string plan_text(const TaskConfig& task, const Plan& plan, const PlanStyle& style) {
  std::string text = wrapped(makespan_text(task, plan, style), style.columns, 2) + "\n";
  if (!plan.critical_path.empty()) {
    text += wrapped("critical path: " + path_text(task, plan), style.columns, 2) + "\n";
  }
  std::size_t never = 0;
  for (const PlannedProcess& process : plan.played.processes) never += process.start ? 0 : 1;
  if (never > 0) text += count_text(never, "process does", "processes do") + " not run\n";
  return text + "\n" + Chart(task, plan, style).text();
}

Json plan_json(const TaskConfig& task, const Plan& plan) {
  Json json = Json::object();
  json["makespan"] = Json::object();
  if (plan.p50) json["makespan"]["p50"] = seconds(*plan.p50);
  if (plan.p90) json["makespan"]["p90"] = seconds(*plan.p90);
  if (!plan.p50 && plan.state != TaskState::Active) {
    json["makespan"]["at_least"] = seconds(plan.at_least);
  }
  json["critical_path"] = names_of(task, plan.critical_path);
  json["result"] = name_of(plan.state);
  json["rounds"] = plan.rounds;
  if (!plan.unknown.empty()) json["unknown"] = names_of(task, plan.unknown);
  // Appended without the map's search for the key, as in history_json().
  Json::object_t processes;
  for (ProcessIndex p = 0; p < task.processes.size(); ++p) {
    const PlannedProcess& process = plan.played.processes[p];
    if (!process.start) continue;
    Json one = {{"start", seconds(*process.start)}};
    if (process.end) one["end"] = seconds(*process.end);
    if (process.runs > 1) one["runs"] = process.runs;
    if (process.end) one["state"] = name_of(process.state);
    static_cast<Json::object_t::Container&>(processes).emplace_back(task.processes[p].name,
                                                                    std::move(one));
  }
  json["processes"] = std::move(processes);
  return json;
}

}  // namespace thermos
