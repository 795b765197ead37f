// The output of `thermos fsck`: findings as text and as JSON.
#pragma once

#include <string>

#include "reactor/fsck/fsck.h"
#include "reactor/store/history_json.h"

namespace thermos {

// Returns one line without a newline: severity, task, file and offset, the problem, and the advice
// or what the repair did.
std::string finding_text(const Finding& finding);
// Returns the last line: how much was checked, and how many findings of each severity there are.
std::string report_text(const RootReport& report);
// Returns
// {"findings":[{"severity","task_id","file","offset","what","repaired",...}],"tasks","streams",
// "records"}; "offset" is left out where it does not apply.
Json report_json(const RootReport& report);

}  // namespace thermos
