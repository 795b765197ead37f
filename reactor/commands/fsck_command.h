// `thermos fsck`: the findings of a check, for people and as JSON. Pure.
#pragma once

#include <string>

#include "reactor/fsck/fsck.h"
#include "reactor/store/history_json.h"

namespace thermos {

// One line, without newline: severity, task, file and offset, what is wrong, and what to do about
// it or what was done.
std::string finding_text(const Finding& finding);
// The last line: how much was looked at, and how many findings of each kind there are.
std::string report_text(const RootReport& report);
// {"findings":[{"severity","task_id","file","offset","what","repaired",...}],"tasks","streams",
// "records"}; an offset that doesn't apply is left out.
Json report_json(const RootReport& report);

}  // namespace thermos
