// The answers of `thermos why` for people and for programs.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/times.h"
#include "core/explain/cause.h"
#include "reactor/store/history_json.h"
#include "reactor/views/log_end.h"
#include "reactor/views/record_lines.h"

namespace thermos {

struct WhyStyle {
  LineStyle line;
  std::size_t columns = 80;
  std::size_t rows = 24;  // 0: any number
};

// Returns the answer, the last lines that the run in question printed, the causes, and the advice,
// each line with a newline. If the causes do not fit, those in the middle are replaced by a line
// with their number. `at` is the wall time that the answer is about.
std::string why_text(const Answer& answer, const LogEnd& printed, Microseconds at,
                     const WhyStyle& style);

// {"task_id","process","run","at","state","answer","causes","advice","output"}.
Json why_json(const std::string& task_id, const Answer& answer, const LogEnd& printed,
              Microseconds at);

}  // namespace thermos
