// The check of a root: every task's files, streams and locks, held against what they must be, and
// the repair of what can be repaired without guessing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/record/paths.h"

namespace thermos {

enum class Severity : std::uint8_t {
  Note,     // worth knowing; nothing is wrong
  Warning,  // somebody should do something; no record is in doubt
  Error,    // what is recorded contradicts itself, or can't be read
};
std::string_view name_of(Severity severity);

// What --repair does about a finding.
enum class Remedy : std::uint8_t {
  None,
  CutTail,         // cut off a record that was not written to its end
  RemoveFile,      // remove a file that means nothing any more
  MoveToFinished,  // the move that a runner did not live to make
  RemoveUnborn,    // take away the checkpoints of a task that never came to be
};

struct Finding {
  Severity severity = Severity::Note;
  bool corrupt = false;  // bytes that can't be true
  std::string task_id;
  std::string file;  // absolute
  std::optional<std::size_t> offset;
  std::string what;
  std::string advice;  // what to do about it; may be empty
  Remedy remedy = Remedy::None;
  bool repaired = false;
  std::string did;  // what the repair did, or why it could not; empty: none was tried
};

struct RootReport {
  std::vector<Finding> findings;
  std::size_t tasks = 0;
  std::size_t streams = 0;
  std::size_t records = 0;

  // Whether bytes are corrupt; whether warnings or errors remain that were not repaired.
  bool corrupt() const;
  bool remains() const;
};

// Every task id of which anything is there: in tasks/active, tasks/finished or checkpoints; sorted.
// NotFound when there is no such root, NotPermitted, System.
Result<std::vector<std::string>> list_task_ids(const Paths& paths);

// Checks these tasks, one after the other. Takes nothing from anybody: it waits for no lock, and
// while a task is led or a coordinator lives, what is on its way is no finding. `repair`: under the
// lock of the task's runner, and where it is free; a task with corrupt bytes is left as it is, all
// of it.
RootReport check_root(const Paths& paths, const std::vector<std::string>& task_ids, bool repair);

}  // namespace thermos
