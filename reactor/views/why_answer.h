// Answers `thermos why` from the files of a task.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/explain/cause.h"
#include "core/explain/chronicle.h"
#include "core/record/paths.h"
#include "reactor/store/task_list.h"
#include "reactor/views/log_end.h"

namespace thermos {

struct WhyQuestion {
  std::optional<std::string> process{};  // nothing: the question is about the task
  std::optional<std::uint32_t> run{};
  std::optional<Microseconds> at{};  // nothing: now
};
struct WhyAnswer {
  Answer answer;
  LogEnd printed;       // what the run that the answer is about printed last
  Microseconds at = 0;  // the wall time that the answer is about
};

// `chronicle` is that of the task up to the time in the question. Fails as asked_config(),
// check_task() and why_process() do.
Result<WhyAnswer> answer_why(const Paths& paths, const TaskEntry& entry, const Chronicle& chronicle,
                             const WhyQuestion& question);

}  // namespace thermos
