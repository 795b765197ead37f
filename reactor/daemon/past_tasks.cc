#include "reactor/daemon/past_tasks.h"

#include <algorithm>

#include "capnp/codec.h"
#include "core/record/history.h"
#include "reactor/daemon/event_log.h"

namespace thermos {
namespace {

PastTask read_past(const std::string& stream) {
  PastTask past;
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

const PastTask& PastTasks::look(const std::string& task_id) {
  PastTask& past = known_[task_id];
  if (past.readable && is_terminal(past.state)) return past;
  past = read_past(paths_.runner_stream(task_id));
  return past;
}

}  // namespace thermos
