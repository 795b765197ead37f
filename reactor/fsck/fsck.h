// Checks every task's files, streams and locks under a root, and repairs what can be repaired
// without guessing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/runner/fence.h"

namespace thermos {

enum class Severity : std::uint8_t {
  Note,     // information; nothing is wrong
  Warning,  // a person should act; no record is in doubt
  Error,    // records contradict each other or cannot be read
};
std::string_view name_of(Severity severity);

// How --repair treats a finding.
enum class Remedy : std::uint8_t {
  None,
  CutTail,         // truncate a record that was not written completely
  RemoveFile,      // remove a file that is no longer needed
  MoveToFinished,  // move the file of a task that has ended to tasks/finished
  RemoveUnborn,    // remove the checkpoints of a task whose creation was not completed
};

struct Finding {
  Severity severity = Severity::Note;
  bool corrupt = false;  // the bytes are invalid
  std::string task_id;
  std::string file;  // absolute
  std::optional<std::size_t> offset;
  std::string what;
  std::string advice;  // what a person can do about it; may be empty
  Remedy remedy = Remedy::None;
  bool repaired = false;
  std::string did;  // what the repair did, or why it failed; empty: not tried
};

struct RootReport {
  std::vector<Finding> findings;
  std::size_t tasks = 0;
  std::size_t streams = 0;
  std::size_t records = 0;

  // Return whether some bytes are corrupt, and whether unrepaired warnings or errors remain.
  bool corrupt() const;
  bool remains() const;
};

// Returns every task id that is in tasks/active, tasks/finished or checkpoints, sorted. Fails with
// NotFound if the root does not exist, and with system_error()'s codes.
Result<std::vector<std::string>> list_task_ids(const Paths& paths);

// Checks these tasks one after another. Does not wait for a lock that somebody holds. While a task
// is led or a coordinator lives, records that are still being written are not findings. With
// `repair`, takes the lock of the task's runner, if that is free, and repairs the task under it.
// Does not change a task with corrupt bytes, or one that may be led on another machine. `reach` is
// the reach of locks on the file system with the streams; nothing: it is looked up.
RootReport check_root(const Paths& paths, const std::vector<std::string>& task_ids, bool repair,
                      std::optional<LockReach> reach = std::nullopt);

}  // namespace thermos
