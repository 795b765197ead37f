// Whether the files of a task are another user's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "reactor/store/task_list.h"

namespace thermos {

// "PATH belongs to uid N": of the task's file, directory and stream the first that belongs neither
// to us (the effective uid) nor to the user `also`; "" if there is none. Whoever can write them
// could have us run anything, as anyone: ask before a task is led by what is on record.
std::string foreign_file(const Paths& paths, const TaskEntry& task,
                         std::optional<uid_t> also = std::nullopt);

// The same for who leads a task by hand, as the user that its record names: that user's files may
// be theirs. Fails with NotPermitted.
Status check_own_files(const Paths& paths, const TaskEntry& task, const std::string& user);

}  // namespace thermos
