#include "reactor/daemon/task_summary_cache.h"

#include <sys/stat.h>

#include <algorithm>

#include "capnp/codec.h"
#include "core/record/history.h"
#include "reactor/daemon/event_log.h"

namespace thermos {
namespace {

TaskSummary read_past(const std::string& stream) {
  TaskSummary past;
  History history;
  auto read = scan_stream(stream, [&](Bytes payload) {
    const std::uint64_t position = position_of(payload);
    if (past.first_position == 0) past.first_position = position;
    past.last_position = std::max(past.last_position, position);
    auto record = decode(payload);
    if (!record) return Status(record.error());
    auto applied = history.apply(*record);
    return applied ? Status(Done{}) : Status(applied.error());
  });
  past.readable = read.ok();
  if (!read) past.error = read.error().message;
  past.begun = history.header().has_value();
  if (past.begun) past.owner = history.header()->uid;
  past.state = history.state();
  return past;
}

}  // namespace

const TaskSummary& TaskSummaryCache::look(const std::string& task_id) {
  Known& known = known_[task_id];
  if (known.past.readable && is_terminal(known.past.state)) return known.past;
  const std::string stream = paths_.runner_stream(task_id);
  const Version now = version_of(stream);
  if (known.past.readable && now == known.version) return known.past;
  known = {read_past(stream), now};
  return known.past;
}

TaskSummaryCache::Version TaskSummaryCache::version_of(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return {};
  return {info.st_ino, info.st_size, info.st_mtim};
}

bool TaskSummaryCache::Version::operator==(const Version& other) const {
  return size >= 0 && inode == other.inode && size == other.size &&
         changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
}

}  // namespace thermos
