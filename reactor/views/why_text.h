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

// Returns the answer, what the run in question printed last, the causes, and what to do; each line
// with a newline. Causes that do not fit are left out of the middle, and it is said how many.
// `at`: the wall time that the answer is of.
std::string why_text(const Answer& answer, const LogEnd& printed, Microseconds at,
                     const WhyStyle& style);

// {"task_id","process","run","at","state","answer","causes","advice","output"}.
Json why_json(const std::string& task_id, const Answer& answer, const LogEnd& printed,
              Microseconds at);

}  // namespace thermos
