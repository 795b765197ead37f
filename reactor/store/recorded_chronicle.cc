#include "reactor/store/recorded_chronicle.h"

#include "reactor/store/ancestor_stream.h"
#include "reactor/store/stream_reader.h"

namespace thermos {

Result<Chronicle> read_chronicle(const Paths& paths, const std::string& task_id,
                                 std::optional<Microseconds> until) {
  Chronicle chronicle(until);
  const auto take = [&](const Record& record) { return chronicle.take(record); };
  const std::string path = paths.runner_stream(task_id);
  const auto fd = open_stream(path);
  if (!fd) return fd.error();
  const auto theirs = is_ancestor_stream(fd->get(), path);
  if (!theirs) return theirs.error();
  if (*theirs) {
    const Result<History> history = read_recorded_task(paths, task_id);
    if (!history) return history.error();
    if (Status rewritten = history->rewrite(take); !rewritten) return rewritten.error();
    return chronicle;
  }
  StreamPosition position;
  const auto end = read_stream(fd->get(), path, position, take);
  if (!end) return end.error();
  return chronicle;
}

}  // namespace thermos
