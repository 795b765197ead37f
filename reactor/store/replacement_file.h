// A replacement of a task's configuration that has been asked for and is not in place yet. It is in
// a file of the checkpoint directory from before the first process is stopped for it until its
// record is on the disk, so that whoever leads the task after a crash carries it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/record/record.h"
#include "core/task/task.h"

namespace thermos {

struct PendingReplacement {
  Replacement record;  // its time is not known yet
  TaskConfig task;     // fully bound and checked
};

// The file and its name are on the disk when this returns.
Status write_replacement(const Paths& paths, std::string_view task_id,
                         const PendingReplacement& pending);
// Nothing if there is no such file. Fails with Corrupt if it is none of ours, or with System.
Result<std::optional<PendingReplacement>> read_replacement(const Paths& paths,
                                                           std::string_view task_id,
                                                           std::uint32_t generation);
// Does nothing if there is no such file. REQUIRES: the record of the replacement is on the disk, or
// it is called off.
void remove_replacement(const Paths& paths, std::string_view task_id, std::uint32_t generation);

}  // namespace thermos
