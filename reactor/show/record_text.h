// The records of a stream as lines of text, for `thermos read`.
#pragma once

#include <string>

#include "core/record/record.h"

namespace thermos {

// Returns all fields of the record in one line, without a newline.
std::string record_text(const Record& record);
// Returns "SEQ STATE PROCESS RUN" for a process's transition, "- STATE" for a task's, and "" for
// others.
std::string simple_record_text(const Record& record);

}  // namespace thermos
