// A task's run history as JSON: what `status --json` and `read --json` print. Keys are stable.
#pragma once

#include <nlohmann/json.hpp>

#include "core/record/history.h"
#include "core/record/record.h"

namespace thermos {

// Keys keep the order in which they are added, which is easier for people to read.
using Json = nlohmann::ordered_json;

// {"task_id","state","header","statuses","processes"}. Keys whose value is not known yet are left
// out. Processes whose oldest runs were dropped have their totals over all runs under "totals".
Json history_json(const History& history);
// For writing the processes of a large task one by one: history_head_json() is history_json()
// without "processes", and runs_json() is one value of "processes", the runs of a process that
// has_past().
Json history_head_json(const History& history);
Json runs_json(const ProcessHistory& process);
// Returns whether the process has had any run. A process that is only known by name has had none.
inline bool has_past(const ProcessHistory& process) {
  return !process.runs.empty() || process.totals.all() > 0;
}
// The value of "header": how the task was started.
Json header_json(const RunnerHeader& header);
// {"cpu_user","cpu_system","peak_memory"}, as far as they are known.
Json usage_json(const Usage& usage);
// {"success","failed","killed","lost"}, and the keys of usage_json() for all these runs together,
// where the usage is known.
Json totals_json(const RunTotals& totals, const UsageTotals& used);
// One record of a coordinator's stream.
Json status_json(const ProcessStatus& status);
// One record of any kind, with its "kind": "header", "task", "shortage", "process", "summary",
// "order", "report", "replacement", "leadership" or "node".
Json record_json(const Record& record);
// The text of `json`, indented by two spaces, with a newline at its end. Bytes that are not UTF-8
// are replaced.
std::string json_text(const Json& json);
// The text of `json` on one line, without a newline. Bytes that are not UTF-8 are replaced.
std::string json_line(const Json& json);

}  // namespace thermos
