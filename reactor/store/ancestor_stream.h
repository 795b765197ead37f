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

// Whether the file begins like such a stream. Moves nothing. Fails with System.
Result<bool> is_ancestor_stream(int fd, const std::string& name);

// How far such a stream was read.
struct AncestorEnd {
  StreamEnd end = StreamEnd::Clean;
  std::size_t offset = 0;  // behind the last whole record
};
// Reads all records of the file and hands each to `take`; errors are as read_stream()'s. Fails with
// System for a file of more than a gibibyte, because it is read as a whole.
Result<AncestorEnd> read_ancestor_stream(
    int fd, const std::string& name, const std::function<Status(const ancestor::Record&)>& take);

// Reads what is recorded of a task under such a root: its runner's stream and, if that has no end
// of the task, the coordinators'. `mark` is as AncestorHistory::Finish's. Fails as
// read_runner_stream() does, and with Corrupt for a stream of another kind, or of another task.
Result<History> read_ancestor_task(const Paths& paths, const std::string& task_id,
                                   const std::string& mark);

// Reads what is recorded of a task, by this program or by Apache Thermos, for who only shows it.
// What was left unfinished there is LOST. Fails as read_runner_stream() does.
Result<History> read_recorded_task(const Paths& paths, const std::string& task_id);

}  // namespace thermos
