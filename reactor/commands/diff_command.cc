#include <unistd.h>

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <optional>

#include "core/config/difference.h"
#include "core/config/load.h"
#include "core/config/task_change.h"
#include "core/explain/ending.h"
#include "core/explain/phrases.h"
#include "core/explain/run_difference.h"
#include "core/task/task_fields.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/lookup/task_argument.h"
#include "reactor/store/history_json.h"

namespace thermos {
namespace {

constexpr std::string_view kDiffHelp = R"(Usage: thermos diff [OPTIONS] TASK1 TASK2

Shows what differs between two tasks: which processes ended otherwise, which
took longer or shorter (by more than a fifth), and what was configured
otherwise. Each TASK is an id, or a pattern that matches one task. Reads files.

  -a, --all         all of it, and not only the first 15 of each kind
  --json            as one JSON object
  --socket S        tasks of the daemon at S (as THERMOS_SOCKET does), whose
                    root only its owner can read
  --root D          may be repeated: the tasks are searched for in all of them
  --log-level L, --no-color: see `thermos --help`
)";

constexpr std::size_t kMost = 15;

struct Side {
  TaskEntry entry;
  History history;
  TaskConfig config;

  std::optional<Microseconds> took() const {
    if (!history.header() || history.steps().empty()) return std::nullopt;
    if (!is_terminal(history.state())) return std::nullopt;
    return history.steps().back().status.at.wall - history.header()->launch_time;
  }
};

Result<Side> side_of(const CommonOptions& common, const std::optional<std::string>& socket,
                     const std::string& word) {
  const Result<Paths> paths = paths_of_task(common, socket, word);
  if (!paths) return paths.error();
  const Result<TaskEntry> entry = asked_task(*paths, word);
  if (!entry) return entry.error();
  const Result<Chronicle> chronicle = chronicle_at(*paths, *entry, {});
  if (!chronicle) return chronicle.error();
  Result<TaskConfig> config = asked_config(*paths, *entry);
  if (!config) return config.error();
  return Side{*entry, chronicle->history(), std::move(*config)};
}

struct ConfiguredDifference {
  std::string process;  // empty: the task
  std::string what;
};

std::vector<ConfiguredDifference> configured_otherwise(const TaskConfig& before,
                                                       const TaskConfig& after) {
  std::vector<ConfiguredDifference> all;
  TaskConfig one = before;
  TaskConfig other = after;
  one.processes.clear();
  other.processes.clear();
  const std::string of_task = config::first_difference(one, other);
  if (!of_task.empty()) all.push_back({"", of_task});
  const config::TaskChange change = config::change_of(before, after);
  const auto find = [](const TaskConfig& task, const std::string& name) {
    return std::find_if(task.processes.begin(), task.processes.end(),
                        [&](const ProcessConfig& process) { return process.name == name; });
  };
  for (const std::string& name : change.changed) {
    const std::string what = config::first_difference(fields::view_of(*find(before, name)),
                                                      fields::view_of(*find(after, name)));
    if (!what.empty()) all.push_back({name, what});
  }
  for (const std::string& name : change.removed) all.push_back({name, "is only in the first"});
  for (const std::string& name : change.added) all.push_back({name, "is only in the second"});
  return all;
}

std::string outcome_text(const RunDifference::Side& side) {
  if (!side.state) return "has not run";
  std::string text(name_of(*side.state));
  if (*side.state != ProcessState::Success) {
    const std::string words = ending_words(side.return_code, side.reason, {});
    if (!words.empty()) text += ", " + words;
  }
  if (side.runs > 1) text += ", " + count_text(side.runs, "run", "runs");
  return text;
}

class Section {
 public:
  Section(std::string_view head, bool all, std::size_t columns)
      : head_(head), all_(all), columns_(columns) {}
  void add(std::string_view process, const std::string& what) {
    if (++count_ > kMost && !all_) return;
    const std::string name = process.empty() ? "" : printable(process) + ": ";
    text_ += "  " + cut_end(name + what, columns_ - 2) + "\n";
  }
  std::string text() const {
    if (count_ == 0) return "";
    std::string text = std::string(head_) + " (" + std::to_string(count_) + ")\n" + text_;
    if (count_ > kMost && !all_) {
      text += "  and " + std::to_string(count_ - kMost) + " more (`--all` shows them)\n";
    }
    return text;
  }

 private:
  std::string_view head_;
  bool all_;
  std::size_t columns_;
  std::size_t count_ = 0;
  std::string text_;
};

std::string head_of(const Side& side) {
  std::string text = printable(side.entry.id) + " " + std::string(name_of(side.history.state()));
  if (const auto took = side.took()) text += " in " + duration_text(*took);
  return text;
}

std::string diff_text(const Side& before, const Side& after, const std::vector<RunDifference>& runs,
                      const std::vector<ConfiguredDifference>& configured, bool all,
                      std::size_t columns) {
  Section ended("ended otherwise", all, columns);
  Section took("took longer or shorter", all, columns);
  Section given("configured otherwise", all, columns);
  for (const RunDifference& run : runs) {
    if (run.ended_otherwise) {
      ended.add(run.process, outcome_text(run.before) + " -> " + outcome_text(run.after));
    } else {
      const Microseconds slower = run.slower();
      took.add(run.process, duration_text(*run.before.took) + " -> " +
                                duration_text(*run.after.took) + " (" + (slower < 0 ? "-" : "+") +
                                duration_text(slower < 0 ? -slower : slower) + ")");
    }
  }
  for (const ConfiguredDifference& one : configured) given.add(one.process, one.what);
  const std::string body = ended.text() + took.text() + given.text();
  return head_of(before) + "; " + head_of(after) + "\n" + (body.empty() ? "no difference\n" : body);
}

Json side_json(const RunDifference::Side& side) {
  Json json = {{"runs", side.runs}};
  if (side.state) json["state"] = name_of(*side.state);
  if (side.return_code) json["return_code"] = *side.return_code;
  if (!side.reason.empty()) json["reason"] = side.reason;
  if (side.took) json["took"] = static_cast<double>(*side.took) / static_cast<double>(kSecond);
  return json;
}

Json diff_json(const Side& before, const Side& after, const std::vector<RunDifference>& runs,
               const std::vector<ConfiguredDifference>& configured) {
  Json json = {{"tasks", Json::array()}, {"ran", Json::array()}, {"configured", Json::array()}};
  for (const Side* side : {&before, &after}) {
    Json task = {{"task_id", side->entry.id}, {"state", name_of(side->history.state())}};
    if (const auto took = side->took()) {
      task["took"] = static_cast<double>(*took) / static_cast<double>(kSecond);
    }
    json["tasks"].push_back(std::move(task));
  }
  for (const RunDifference& run : runs) {
    json["ran"].push_back({{"process", run.process},
                           {"ended_otherwise", run.ended_otherwise},
                           {"before", side_json(run.before)},
                           {"after", side_json(run.after)}});
  }
  for (const ConfiguredDifference& one : configured) {
    Json difference = Json::object();
    if (!one.process.empty()) difference["process"] = one.process;
    difference["what"] = one.what;
    json["configured"].push_back(std::move(difference));
  }
  return json;
}

}  // namespace

CommandOutcome diff_command(const Arguments& arguments, CommonOptions common) {
  bool all = false;
  bool json = false;
  std::optional<std::string> socket;
  OptionParser parser("diff", kDiffHelp, common);
  parser.take_roots();
  parser.flag("-a,--all", all);
  parser.flag("--json", json);
  parser.text("--socket", socket);
  Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& words = **parsed;
  if (words.size() != 2) {
    return Error{ErrorCode::Usage,
                 words.size() < 2
                     ? "diff: takes TASK1 and TASK2"
                     : "diff: takes two tasks; unexpected argument '" + words[2] + "'"};
  }
  const Result<Side> before = side_of(common, socket, words[0]);
  if (!before) return before.error();
  const Result<Side> after = side_of(common, socket, words[1]);
  if (!after) return after.error();
  const auto runs = differences_of(before->history, after->history);
  const auto configured = configured_otherwise(before->config, after->config);
  Output out(STDOUT_FILENO);
  out.print(json ? json_text(diff_json(*before, *after, runs, configured))
                 : diff_text(*before, *after, runs, configured, all, out.columns()));
  return finish_output(out);
}

}  // namespace thermos
