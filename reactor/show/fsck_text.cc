#include "reactor/show/fsck_text.h"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "reactor/cli/terminal_text.h"

namespace thermos {
namespace {

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::string finding_text(const Finding& finding) {
  std::string line = fmt::format("{}: {}: {}: ", name_of(finding.severity),
                                 printable(finding.task_id), printable(finding.file));
  if (finding.offset) line += fmt::format("offset {}: ", *finding.offset);
  line += printable(finding.what);
  if (!finding.did.empty()) {
    line += (finding.repaired ? "; repaired: " : "; ") + printable(finding.did);
  } else if (!finding.advice.empty()) {
    line += "; " + finding.advice;
  }
  return line;
}

std::string report_text(const RootReport& report) {
  std::array<std::size_t, 3> open{};
  std::size_t repaired = 0;
  for (const Finding& finding : report.findings) {
    if (finding.repaired) {
      ++repaired;
    } else {
      ++open[static_cast<std::size_t>(finding.severity)];
    }
  }
  std::string text = counted(report.tasks, "task") + ", " + counted(report.streams, "stream") +
                     ", " + counted(report.records, "record") + ": ";
  if (report.findings.empty()) return text + "clean";
  text += counted(open[2], "error") + ", " + counted(open[1], "warning") + ", " +
          counted(open[0], "note");
  if (repaired > 0) text += fmt::format(", {} repaired", repaired);
  return text;
}

Json report_json(const RootReport& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    Json json{{"severity", name_of(finding.severity)},
              {"task_id", finding.task_id},
              {"file", finding.file}};
    if (finding.offset) json["offset"] = *finding.offset;
    json["what"] = finding.what;
    json["repaired"] = finding.repaired;
    json["corrupt"] = finding.corrupt;
    if (!finding.advice.empty()) json["advice"] = finding.advice;
    if (!finding.did.empty()) json["did"] = finding.did;
    findings.push_back(std::move(json));
  }
  Json json = Json::object();
  json["findings"] = std::move(findings);
  json["tasks"] = report.tasks;
  json["streams"] = report.streams;
  json["records"] = report.records;
  return json;
}

}  // namespace thermos
