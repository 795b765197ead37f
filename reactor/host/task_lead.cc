// How a host comes to lead its task: new, or where another runner left it.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/config/load.h"
#include "core/task/check_task.h"
#include "reactor/host/task_host.h"
#include "reactor/os/files.h"
#include "reactor/os/lock_holder.h"
#include "reactor/store/task_store.h"

namespace thermos {

Result<std::unique_ptr<TaskHost>> TaskHost::lead(Reactor& reactor, const TaskSetup& place,
                                                 SyncMode sync, TaskObserver& observer,
                                                 OnEnd on_end) {
  const std::string& id = place.header.task_id;
  const bool known = may_be_task(id) && exists(place.paths.active_task(id));
  if (auto valid = check_task_id(id); !known && !valid) return valid.error();
  auto graph = check_task(place.task);
  if (!graph) return graph.error();
  std::unique_ptr<TaskHost> host(
      new TaskHost(reactor, place, std::move(*graph), sync, observer, std::move(on_end)));
  auto history = host->open_task();
  if (!history) return history.error();
  host->take_lead(std::move(*history));
  return host;
}

Result<History> TaskHost::open_task() {
  if (exists(place_.paths.finished_task(place_.header.task_id))) return refuse_finished();
  if (auto locked = lock_task(); !locked) return locked.error();
  auto history = read_own_stream();
  if (!history) return history.error();
  if (auto placed = settle_task_file(*history); !placed) return placed.error();
  if (auto settled = settle_disk(*history); !settled) return settled.error();
  if (is_terminal(history->state())) return complete_move(history->state());
  settle_header(*history);
  return history;
}

Error TaskHost::refuse_ended(TaskState state) const {
  return {ErrorCode::Usage, "task " + place_.header.task_id +
                                " has ended already: " + std::string(name_of(state)) +
                                "; give another --task-id to run it again"};
}

Error TaskHost::refuse_finished() const {
  const std::string& id = place_.header.task_id;
  auto stream = read_runner_stream(place_.paths.runner_stream(id));
  if (stream) return refuse_ended(stream->history.state());
  return {ErrorCode::Usage,
          "task " + id + " has ended already, and how can't be read: " + stream.error().message};
}

Status TaskHost::lock_task() {
  const std::string& id = place_.header.task_id;
  if (auto made = make_task_directories(place_.paths, id, durable()); !made) return made;
  const std::string path = place_.paths.runner_stream(id);
  auto writer = place_.alone ? StreamWriter::open_patiently(path) : StreamWriter::open(path);
  if (!writer) {
    if (writer.error().code != ErrorCode::Busy) return writer.error();
    const std::string leader = name_lock_holder(place_.paths.runner_stream(id));
    return Error{ErrorCode::Busy,
                 "task " + id + " is led by " + (leader.empty() ? "another runner" : leader)};
  }
  writer_.emplace(std::move(*writer));
  return Done{};
}

// Under the lock nobody else appends: what is read now is all there is.
Result<History> TaskHost::read_own_stream() {
  auto stream = read_runner_stream(writer_->fd(), writer_->path());
  if (!stream) return stream.error();
  records_ = stream->records;
  const std::optional<RunnerHeader>& header = stream->history.header();
  if (header && header->task_id != place_.header.task_id) {
    return Error{ErrorCode::Corrupt, writer_->path() + ": this is the stream of task " +
                                         header->task_id + "; the file is left as it is"};
  }
  if (auto ready = writer_->resume_at(stream->position, stream->end); !ready) return ready.error();
  return std::move(stream->history);
}

// Makes the task's file where there is none yet; one that is there must say the same.
Status TaskHost::settle_task_file(const History& history) {
  const std::string& id = place_.header.task_id;
  const bool begun = history.header().has_value();
  if (exists(place_.paths.active_task(id))) {
    return place_.replaces_unbegun && !begun ? make_task() : check_same_task();
  }
  // It ended between our first look and our lock.
  if (exists(place_.paths.finished_task(id))) return refuse_ended(history.state());
  if (!begun) return make_task();
  return Error{ErrorCode::Corrupt,
               place_.paths.active_task(id) + " is missing, but " + writer_->path() +
                   " has records: put the task's file back, or give another --task-id"};
}

// The runner before died between the last record and the move. An error in any case: what has ended
// is not led.
Error TaskHost::complete_move(TaskState state) const {
  auto moved = move_to_finished(place_.paths, place_.header.task_id, durable());
  return moved ? refuse_ended(state) : moved.error();
}

void TaskHost::settle_header(const History& history) {
  if (history.header()) {
    place_.header = *history.header();  // where it ran is where it runs
    return;
  }
  char hostname[256] = {};
  gethostname(hostname, sizeof hostname - 1);
  place_.header.hostname = hostname;
  place_.header.launch_time = reactor_.loop().now().wall;
}

// The runner before may have died between writing and syncing, or between a rename and the
// directory's sync: nothing may follow from what a power cut could still take back.
Status TaskHost::settle_disk(const History& history) {
  if (!durable() || !history.header()) return Done{};
  if (auto synced = writer_->sync(); !synced) return synced;
  return writer_->sync_name();
}

Status TaskHost::make_task() {
  return write_active_task(place_.paths, place_.header.task_id, config::to_json(place_.task, 2),
                           durable());
}

Status TaskHost::check_same_task() {
  const std::string path = place_.paths.active_task(place_.header.task_id);
  auto text = read_file(path);
  if (!text) return text.error();
  auto recorded = config::load_bound(*text, path);
  if (!recorded) return recorded.error();
  const std::string difference = config::first_difference(*recorded, place_.task);
  if (difference.empty()) return Done{};
  return Error{ErrorCode::BadConfig, "task " + place_.header.task_id +
                                         " exists with another configuration: " + difference +
                                         "; give another --task-id, or the same configuration"};
}

void TaskHost::take_lead(History history) {
  const std::string directory = place_.paths.checkpoint_dir(place_.header.task_id);
  auto watch = reactor_.inotify().watch(
      directory,
      {[this](std::string_view name, std::uint32_t mask) { on_directory_event(name, mask); },
       [this] {
         if (links_) links_->all_changed();
       }});
  if (watch) {
    watch_ = *watch;
  } else {
    spdlog::warn("{}; RUNNING will be seen late", watch.error().message);
  }
  auto leader =
      LeaderSocket::listen(reactor_.loop(), reactor_.deadlines(), directory,
                           {[this](const KillRequest& request) { kill(request); },
                            [this](const OrderRequest& request) { return order(request); }});
  if (leader) {
    leader_ = std::move(*leader);
  } else {
    spdlog::warn("{}; `thermos kill` will have to take this task over", leader.error().message);
  }

  const bool rebooted =
      !history.steps().empty() && history.steps().back().status.boot != reactor_.boot();
  LinkedTask& linked = *this;
  const bool notified = watch && *watch >= 0;
  links_ = std::make_unique<CoordinatorLinks>(reactor_, place_, groups_, notified, linked);
  runner_ = std::make_unique<Runner>(place_.task, graph_, std::move(history));
  std::vector<ProcessIndex> live;
  for (ProcessIndex p = 0; p < place_.task.processes.size(); ++p) {
    if (past(p).live()) live.push_back(p);
  }
  dispatch(Lead{place_.header, getpid(), getuid(), reactor_.boot()});
  take_over(live, rebooted);
}

void TaskHost::take_over(const std::vector<ProcessIndex>& live, bool rebooted) {
  for (const ProcessIndex p : live) {
    if (stopped_) return;
    links_->tell(p, link::Adopt{rebooted});
  }
  // A power cut, or a disk that failed and came back, can take the tail of the runner's stream and
  // leave a coordinator's: what ran may not be in our history at all.
  for (const ProcessIndex p : recorded_beside(live)) {
    if (stopped_) return;
    links_->look_beside(p, rebooted);
  }
  if (stopped_) return;
  clear_groups();  // of runs that ended while nobody led
}

// The processes that have a stream, but for `live`. Each behind those it waits for: a run may be
// news only to who knows that it could begin.
std::vector<ProcessIndex> TaskHost::recorded_beside(const std::vector<ProcessIndex>& live) const {
  std::vector<bool> skipped(place_.task.processes.size());
  for (const ProcessIndex p : live) skipped[p] = true;
  std::vector<ProcessIndex> found;
  for (const std::string& file :
       list_directory(place_.paths.checkpoint_dir(place_.header.task_id))) {
    const auto it = index_.find(process_of_file(file));
    if (it != index_.end() && !skipped[it->second]) found.push_back(it->second);
  }
  const std::vector<std::uint32_t> depths = graph_.depths();
  const auto place = [&](ProcessIndex p) {
    return std::pair(place_.task.processes[p].final, depths[p]);
  };
  std::sort(found.begin(), found.end(),
            [&](ProcessIndex a, ProcessIndex b) { return place(a) < place(b); });
  return found;
}

}  // namespace thermos
