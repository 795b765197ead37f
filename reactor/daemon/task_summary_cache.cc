#include "reactor/daemon/task_summary_cache.h"

#include <algorithm>

#include "capnp/codec.h"
#include "core/record/history.h"
#include "reactor/os/files.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

constexpr std::size_t kRoom = std::size_t{256} * 1024;

// Reads all whole records. A torn last record, or growth during the reading, is no error.
Status read_all(const std::string& path, const std::function<Status(Bytes payload)>& take) {
  const auto fd = open_stream(path);
  if (!fd) return fd.error();
  StreamPosition position;
  for (;;) {
    const auto end = read_part(fd->get(), path, position, kRoom, take);
    if (!end) return end.error();
    if (*end) return Done{};
  }
}

TaskSummary read_past(const std::string& stream) {
  TaskSummary past;
  History history;
  Record record = ProcessStatus();
  const auto read = read_all(stream, [&](Bytes payload) {
    const std::uint64_t position = position_of(payload);
    if (past.first_position == 0) past.first_position = position;
    past.last_position = std::max(past.last_position, position);
    if (auto decoded = decode(payload, record); !decoded) return decoded;
    const auto applied = history.apply(record);
    return applied ? Status(Done{}) : Status(applied.error());
  });
  past.readable = read.ok();
  past.begun = history.header().has_value();
  if (past.begun) past.owner = history.header()->uid;
  if (past.begun) past.launch_time = history.header()->launch_time;
  past.state = history.state();
  return past;
}

}  // namespace

const TaskSummary& TaskSummaryCache::look(const std::string& task_id) {
  Known& known = known_[task_id];
  if (known.past.readable && is_terminal(known.past.state)) return known.past;
  const std::string stream = paths_.runner_stream(task_id);
  const FileVersion now = version_of(stream);
  if (known.past.readable && now == known.version) return known.past;
  known = {read_past(stream), now};
  return known.past;
}

bool TaskSummaryCache::was_begun(const std::string& task_id) {
  const TaskSummary& past = look(task_id);
  return past.begun || (!past.readable && exists(paths_.runner_stream(task_id)));
}

}  // namespace thermos
