// The answer of `thermos why`, from the files of a task.
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
  std::optional<std::string> process{};  // nothing: the task
  std::optional<std::uint32_t> run{};
  std::optional<Microseconds> at{};  // nothing: now
};
struct WhyAnswer {
  Answer answer;
  LogEnd printed;       // by the run in question
  Microseconds at = 0;  // the wall time that it is of
};

// `chronicle` is that of the task up to the moment asked for. Fails with Corrupt if the task's
// configuration can't be read, or as why_process() does.
Result<WhyAnswer> answer_why(const Paths& paths, const TaskEntry& entry, const Chronicle& chronicle,
                             const WhyQuestion& question);

}  // namespace thermos
