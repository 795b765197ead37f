// The file of a requested replacement of a task's configuration that is not in place yet. The file
// is in the checkpoint directory from before the first process is stopped for the replacement until
// the replacement's record is on the disk, so that the leader after a crash completes it.
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
  Replacement record;  // its time is not set yet
  TaskConfig task;     // fully bound and checked
};

// The file and its name are on the disk when this returns.
Status write_replacement(const Paths& paths, std::string_view task_id,
                         const PendingReplacement& pending);
// Returns nothing if there is no such file. Fails with Corrupt if the contents are invalid, or as
// read_file() does.
Result<std::optional<PendingReplacement>> read_replacement(const Paths& paths,
                                                           std::string_view task_id,
                                                           std::uint32_t generation);
// Does nothing if there is no such file. REQUIRES: the record of the replacement is on the disk, or
// the replacement is cancelled.
void remove_replacement(const Paths& paths, std::string_view task_id, std::uint32_t generation);

}  // namespace thermos
