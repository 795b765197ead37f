#include "reactor/crash/crash_report.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>

#include "core/base/seconds.h"
#include "core/base/text.h"
#include "core/explain/phrases.h"

namespace thermos {
namespace {

constexpr std::array<std::string_view, 4> kOutcomeNames = {"same", "differs", "failed",
                                                           "not_reached"};
constexpr std::array<std::string_view, kCrashPoints.size()> kPointTexts = {
    "killed at its start", "killed in its middle",
    "killed after its end, before that was recorded"};

constexpr std::size_t kMostProcesses = 6;
constexpr std::size_t kMostDifferences = 3;

bool is_bad(TrialOutcome outcome) {
  return outcome == TrialOutcome::Differs || outcome == TrialOutcome::Failed;
}

std::string differences_text(const std::vector<FileDifference>& differences,
                             std::string_view indent) {
  std::string text;
  for (std::size_t i = 0; i < std::min(differences.size(), kMostDifferences); ++i) {
    text += fmt::format("{}{}: {}\n", indent, printable(differences[i].path), differences[i].text);
  }
  if (differences.size() > kMostDifferences) {
    text += fmt::format("{}and {} more\n", indent, differences.size() - kMostDifferences);
  }
  return text;
}

// Returns the text for the first bad trial of a process.
std::string finding_text(const TrialFinding& trial) {
  std::string text = fmt::format("{} can't be run twice: {},", printable(trial.process),
                                 kPointTexts[static_cast<std::size_t>(trial.point)]);
  if (trial.outcome == TrialOutcome::Failed) {
    return text + fmt::format(" it leaves the task {}\n  {}\n", name_of(trial.state), trial.reason);
  }
  return text + " it makes something else\n" + differences_text(trial.differences, "  ");
}

Json differences_json(const std::vector<FileDifference>& differences) {
  Json json = Json::array();
  for (const FileDifference& one : differences) {
    json.push_back({{"path", one.path}, {"kind", name_of(one.kind)}, {"text", one.text}});
  }
  return json;
}

}  // namespace

std::string_view name_of(TrialOutcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

bool CrashReport::can_run_twice() const {
  return std::none_of(trials.begin(), trials.end(),
                      [](const TrialFinding& trial) { return is_bad(trial.outcome); });
}

std::string report_text(const CrashReport& report) {
  std::string text = fmt::format("without a crash: SUCCESS in {}, {}\n", duration_text(report.took),
                                 count_text(report.files, "file", "files"));
  if (!report.unstable.empty()) {
    text += fmt::format("{} from run to run without a crash, and {} not compared:\n",
                        report.unstable.size() == 1 ? "this differs" : "these differ",
                        report.unstable.size() == 1 ? "is" : "are");
    text += differences_text(report.unstable, "  ");
  }
  std::vector<std::string> bad;
  std::vector<std::string> all;
  std::vector<std::string> unkilled;  // at CrashPoint::Middle
  for (const TrialFinding& trial : report.trials) {
    const bool first = all.empty() || all.back() != trial.process;
    if (first) all.push_back(trial.process);
    if (trial.outcome == TrialOutcome::NotReached && trial.point == CrashPoint::Middle) {
      unkilled.push_back(trial.process);
    }
    if (!is_bad(trial.outcome) || (!bad.empty() && bad.back() == trial.process)) continue;
    bad.push_back(trial.process);
    if (bad.size() <= kMostProcesses) text += finding_text(trial);
  }
  if (bad.size() > kMostProcesses) {
    text += "neither can these: " +
            names_text({bad.begin() + kMostProcesses, bad.end()}, kMostProcesses) + "\n";
  }
  if (!unkilled.empty()) {
    text += "too short to be killed in the middle: " + names_text(unkilled, kMostProcesses) + "\n";
  }
  text += bad.empty() ? fmt::format("all {} can be run twice\n",
                                    count_text(all.size(), "process", "processes"))
                      : fmt::format("{} of {} can't be run twice\n", bad.size(),
                                    count_text(all.size(), "process", "processes"));
  if (!report.kept.empty()) text += "all of it is in " + printable(report.kept) + "\n";
  return text;
}

Json report_json(const CrashReport& report) {
  Json json = {{"task_id", report.task_id},
               {"seconds", static_cast<double>(report.took) / static_cast<double>(kSecond)},
               {"files", report.files},
               {"unstable", differences_json(report.unstable)},
               {"twice", report.can_run_twice()}};
  Json processes = Json::object();
  for (const TrialFinding& trial : report.trials) {
    Json one = {{"killed", name_of(trial.point)},
                {"outcome", name_of(trial.outcome)},
                {"state", name_of(trial.state)}};
    if (!trial.reason.empty()) one["reason"] = trial.reason;
    if (!trial.differences.empty()) one["differences"] = differences_json(trial.differences);
    processes[trial.process].push_back(std::move(one));
  }
  json["processes"] = std::move(processes);
  if (!report.kept.empty()) json["kept"] = report.kept;
  return json;
}

}  // namespace thermos
