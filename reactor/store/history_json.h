// A task's run history as JSON: what `status --json` and `read --json` print. Keys are stable.
#pragma once

#include <nlohmann/json.hpp>

#include "core/record/history.h"
#include "core/record/record.h"

namespace thermos {

// Keys keep the order in which they are added, for people.
using Json = nlohmann::ordered_json;

// {"task_id","state","header","statuses","processes"}. Keys whose value is not known yet are left
// out. Processes whose oldest runs were dropped have their totals over all runs under "totals".
Json history_json(const History& history);
// The same without "processes", and one value of that: the runs of a process, if it has_past(). For
// who writes those of a large task one by one.
Json history_head_json(const History& history);
Json runs_json(const ProcessHistory& process);
// A process that is only known by name has done nothing yet.
inline bool has_past(const ProcessHistory& process) {
  return !process.runs.empty() || process.totals.all() > 0;
}
// How a task was started: the "header" of it.
Json header_json(const RunnerHeader& header);
// {"cpu_user","cpu_system","peak_memory"}, as far as they are known.
Json usage_json(const Usage& usage);
// {"success","failed","killed","lost"}, and what they used where that is known.
Json totals_json(const RunTotals& totals, const UsageTotals& used);
// One record of a coordinator's stream.
Json status_json(const ProcessStatus& status);
// One record of any kind, with its "kind": "header", "task", "process" or "summary".
Json record_json(const Record& record);
// The text of `json`, indented by two spaces, with a newline at its end. Bytes that are not UTF-8
// are replaced.
std::string json_text(const Json& json);
// The same on one line, without a newline.
std::string json_line(const Json& json);

}  // namespace thermos
