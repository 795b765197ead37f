// Reads the checkpoints of Apache Thermos from the disk. They are never locked or written.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "core/ancestor/ancestor_history.h"
#include "core/ancestor/checkpoint.h"
#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "reactor/store/stream_reader.h"

namespace thermos {

// Returns whether the file begins like a stream of Apache Thermos. Does not move the file offset.
// Fails with System if the file can't be read.
Result<bool> is_ancestor_stream(int fd, const std::string& name);

// How far a stream of Apache Thermos was read.
struct AncestorEnd {
  StreamEnd end = StreamEnd::Clean;
  std::size_t offset = 0;  // the end of the last whole record
};
// Reads all records of the file and hands each to `take`. Fails as read_stream() does, and with
// System for a file of more than a gibibyte, because the whole file is read into memory.
Result<AncestorEnd> read_ancestor_stream(
    int fd, const std::string& name, const std::function<Status(const ancestor::Record&)>& take);

// Reads the history of a task under a root of Apache Thermos: the runner's stream and, if that does
// not record the task's end, the coordinators' streams. `mark` is AncestorHistory::Finish::mark.
// Fails as read_runner_stream() does, and with Corrupt if a stream is of another kind or of another
// task.
Result<History> read_ancestor_task(const Paths& paths, const std::string& task_id,
                                   const std::string& mark);

// Reads the history of a task, whether this program or Apache Thermos recorded it, for callers that
// only show it. Whatever Apache Thermos left unfinished is LOST in the result. Fails as
// read_runner_stream() does.
Result<History> read_recorded_task(const Paths& paths, const std::string& task_id);

}  // namespace thermos
