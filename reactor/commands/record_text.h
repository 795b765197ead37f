// One record of a stream as one line, for `thermos read`. Pure.
#pragma once

#include <string>

#include "core/record/record.h"

namespace thermos {

// Everything the record says, without newline.
std::string record_text(const Record& record);
// "SEQ STATE PROCESS RUN" for a process's transition, "- STATE" for the task's; empty for the rest.
std::string simple_record_text(const Record& record);

}  // namespace thermos
