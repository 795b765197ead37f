#include "reactor/daemon/visible_tasks.h"

#include <utility>

#include "core/record/frame.h"
#include "reactor/os/clocks.h"
#include "reactor/os/files.h"
#include "reactor/store/history_json.h"
#include "reactor/store/outlook_json.h"
#include "reactor/store/recorded_task.h"

namespace thermos {
namespace {

// The limit of the JSON in one message, which leaves room for further keys.
constexpr std::size_t kMostJson = kMaxPayloadBytes - std::size_t{64} * 1024;
constexpr std::size_t kMostBeside = std::size_t{48} * 1024;

// Returns a lower bound of the size of the history as JSON, without making the JSON.
std::size_t least_json(const History& history) {
  constexpr std::size_t kWaiting = 40;
  constexpr std::size_t kBegun = 120;
  std::size_t bytes = 0;
  for (const ProcessHistory& process : history.processes()) {
    bytes += process.name.size();
    for (const Run& run : process.runs) {
      bytes += run.state == ProcessState::Waiting ? kWaiting : kBegun;
    }
  }
  return bytes;
}

// Does not make JSON that is too long for a message, because making it would take long, too.
Json fitting_json(const History& history) {
  if (least_json(history) <= kMostJson) {
    Json json = history_json(history);
    if (json_line(json).size() <= kMostJson) return json;
  }
  Json json = Json::object();
  json["state"] = name_of(history.state());
  json["error"] =
      "what is on record of it is too long for one message; `thermos status` without --socket, by "
      "who "
      "may read the root, shows all of it";
  return json;
}

}  // namespace

std::uint32_t VisibleTasks::owner_of(const std::string& task_id) {
  if (const HostedTask* task = tasks_.find(task_id)) return task->owner();
  return summaries_.look(task_id).owner;
}

bool VisibleTasks::may_see(const std::string& task_id, const Caller& caller) {
  return caller.is_root() || owner_of(task_id) == caller.uid;
}

// A pattern that is a task's id means that task alone. This does not hold for a caller who may not
// see the task, because the difference would tell them that it exists.
Result<std::shared_ptr<const TaskPatterns>> VisibleTasks::compile(
    const std::vector<std::string>& patterns, const Caller& caller) {
  auto compiled = TaskPatterns::compile(patterns, [&](const std::string& id) {
    return may_be_task(id) && index_.has(id) && may_see(id, caller);
  });
  if (!compiled) return compiled.error();
  return std::make_shared<const TaskPatterns>(std::move(*compiled));
}

// ---- list, status ------------------------------------------------------------------------------

std::string VisibleTasks::state_of(const std::string& task_id) {
  if (const HostedTask* task = tasks_.find(task_id)) {
    return std::string(name_of(task->history().state()));
  }
  const TaskSummary& past = summaries_.look(task_id);
  return past.readable ? std::string(name_of(past.state)) : "?";
}

std::size_t VisibleTasks::active_of(const Caller& caller) const {
  return caller.is_root() ? tasks_.size() : tasks_.owned_by(caller.uid);
}

std::vector<control::TaskEntry> VisibleTasks::active_tasks(const Caller& caller) {
  std::vector<control::TaskEntry> tasks;
  for (const std::string& id : index_.on(TaskDirectory::Active)) {
    if (may_see(id, caller)) tasks.push_back({id, state_of(id)});
  }
  return tasks;
}

std::string VisibleTasks::status_json(const std::string& task_id) const {
  Json json = Json::object();
  if (const HostedTask* task = tasks_.find(task_id)) {
    json = fitting_json(task->history());
    Json outlook = Json::object();
    add_outlook(outlook, *task->setup().task, task->history(), read_clocks().wall);
    if (json_line(outlook).size() <= kMostBeside) json.update(outlook);
    json["task_id"] = task_id;
    return json_line(json);
  }
  auto stream = read_runner_stream(paths_.runner_stream(task_id));
  if (stream) json = fitting_json(stream->history);
  const auto task = stream ? read_recorded_config(paths_, task_id, TaskDirectory::Finished)
                           : std::optional<TaskConfig>();
  if (task) add_not_started(json, *task, stream->history);
  json["task_id"] = task_id;
  if (!stream) json["error"] = stream.error().message;
  // Another leader may have led the task to its end meanwhile.
  const bool active = index_.on(TaskDirectory::Active).contains(task_id);
  const std::string why = active ? tasks_.why_left(task_id) : std::string();
  if (!why.empty()) json["error"] = why;
  return json_line(json);
}

// ---- events ------------------------------------------------------------------------------------

std::optional<PastEvents::Source> VisibleTasks::stream_behind(const std::string& task_id,
                                                              std::uint64_t position) {
  // The stream of a led task is still being written, so it may have events after any position.
  if (tasks_.find(task_id) != nullptr) return PastEvents::Source{task_id, 0};
  const TaskSummary& past = summaries_.look(task_id);
  if (past.last_position <= position) return std::nullopt;
  return PastEvents::Source{task_id, past.first_position};
}

}  // namespace thermos
