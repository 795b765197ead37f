#include "reactor/host/open_task.h"

#include <unistd.h>

#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/config/difference.h"
#include "core/config/load.h"
#include "core/config/to_json.h"
#include "core/record/taken_successes.h"
#include "core/runner/fence.h"
#include "reactor/host/allocation.h"
#include "reactor/os/files.h"
#include "reactor/os/lock_holder.h"
#include "reactor/os/lock_reach.h"
#include "reactor/os/task_user.h"
#include "reactor/os/text_in_file.h"
#include "reactor/store/compaction.h"
#include "reactor/store/run_logs.h"
#include "reactor/store/task_removal.h"
#include "reactor/store/task_store.h"
#include "reactor/store/unsynced_mark.h"

namespace thermos {
namespace {

class TaskOpening {
 public:
  TaskOpening(const TaskSetup& setup, SyncMode sync, Microseconds now,
              std::optional<LockReach> reach)
      : setup_(setup), sync_(sync), now_(now), reach_(reach), header_(setup.header) {}

  Result<OpenedTask> carry_out();

 private:
  Error refuse_ended(TaskState state) const;
  Error refuse_finished() const;
  Status lock_task();
  Result<RunnerStream> read_own_stream();
  Status settle_task_file(History& history);
  Status rewrite_stream(History& history, History by);
  Result<StreamWriter> hold_predecessor() const;
  Status begin_from_predecessor(History& history);
  Status settle_disk(const History& history);
  Status write_stream_again(const History& history);
  Status sync_stream();
  Error complete_move(TaskState state);
  Result<FenceVerdict> judge_leader_before(const History& history) const;
  void settle_header(const History& history);
  bool durable() const { return sync_ == SyncMode::Power; }
  Status make_task();
  Status prepare_task();
  Status write_task_again();
  Status finish_replacement(std::uint32_t generation);
  Status check_same_task() const;

  const TaskSetup& setup_;
  const SyncMode sync_;
  const Microseconds now_;
  const std::optional<LockReach> reach_;
  RunnerHeader header_;
  std::optional<StreamWriter> writer_;
  std::size_t records_ = 0;
  // The name of the task's checkpoint directory is not on the disk yet.
  bool new_directory_ = false;
  std::optional<Descriptor> unplaced_;  // OpenedTask::unplaced
};

Result<OpenedTask> TaskOpening::carry_out() {
  if (exists(setup_.paths.finished_task(setup_.header.task_id))) return refuse_finished();
  if (auto cleared = clear_id(setup_.paths, setup_.header.task_id, setup_.header.sandbox);
      !cleared) {
    return cleared.error();
  }
  if (auto locked = lock_task(); !locked) return locked.error();
  auto stream = read_own_stream();
  if (!stream) return stream.error();
  History* const history = &stream->history;
  // Decides about the previous leader before anything is changed, because a leader on a machine
  // whose locks are not seen here may be in the middle of a write. A task that has ended has no
  // leader.
  auto fence = is_terminal(history->state()) ? Result<FenceVerdict>(FenceVerdict{})
                                             : judge_leader_before(*history);
  if (!fence) return fence.error();
  if (auto ready = writer_->resume_at(stream->position, stream->end); !ready) return ready.error();
  if (auto placed = settle_task_file(*history); !placed) return placed.error();
  if (new_directory_ && durable() && !unplaced_) {
    if (auto synced = sync_directory(setup_.paths.checkpoints_dir()); !synced)
      return synced.error();
  }
  if (auto settled = settle_disk(*history); !settled) return settled.error();
  if (is_terminal(history->state())) return complete_move(history->state());
  settle_header(*history);
  if (auto over = finish_replacement(history->generation()); !over) return over.error();
  auto replacement = read_replacement(setup_.paths, header_.task_id, history->generation() + 1);
  if (!replacement) return replacement.error();
  return OpenedTask{std::move(*writer_), std::move(*history),     records_,
                    std::move(header_),  std::move(*replacement), std::move(*fence),
                    std::move(unplaced_)};
}

// Removes the file of a replacement that is on record, because it is complete.
Status TaskOpening::finish_replacement(std::uint32_t generation) {
  if (!exists(setup_.paths.replacement(header_.task_id, generation))) return Done{};
  if (!durable()) {
    if (auto synced = sync_stream(); !synced) return synced;
  }
  remove_replacement(setup_.paths, header_.task_id, generation);
  return Done{};
}

// We hold the lock, so no leader is left whose lock can be seen from this machine. Decides about
// leaders whose locks can't.
Result<FenceVerdict> TaskOpening::judge_leader_before(const History& history) const {
  FenceFacts facts;
  facts.boot = setup_.boot;
  facts.place = setup_.place;
  facts.take_over = setup_.take_over;
  const FileSystemReach disk =
      reach_ ? FileSystemReach{*reach_, "?"} : lock_reach_of(writer_->path());
  facts.reach = disk.reach;
  if (facts.reach != LockReach::ThisMachine) {
    spdlog::info("{} is on {}: its locks are {} by other machines", writer_->path(), disk.kind,
                 facts.reach == LockReach::AllMachines ? "seen" : "perhaps not seen");
  }
  if (fence_asks_engine(history, facts)) facts.job_ended = job_has_ended(*history.leadership());
  auto verdict = judge_fence(history, facts);
  if (verdict && !verdict->decision.empty()) {
    spdlog::warn("task {}: {}", setup_.header.task_id, verdict->decision);
  }
  return verdict;
}

Error TaskOpening::refuse_ended(TaskState state) const {
  return {ErrorCode::Usage, "task " + setup_.header.task_id +
                                " has ended already: " + std::string(name_of(state)) +
                                "; give another --task-id to run it again"};
}

Error TaskOpening::refuse_finished() const {
  const std::string& id = setup_.header.task_id;
  auto stream = read_runner_stream(setup_.paths.runner_stream(id));
  if (stream) return refuse_ended(stream->history.state());
  return {ErrorCode::Usage,
          "task " + id + " has ended, but its result cannot be read: " + stream.error().message};
}

Status TaskOpening::lock_task() {
  const std::string& id = setup_.header.task_id;
  auto made = make_task_directories(setup_.paths, id);
  if (!made) return made.error();
  new_directory_ = *made;
  const std::string path = setup_.paths.runner_stream(id);
  auto writer = setup_.alone ? StreamWriter::open_patiently(path) : StreamWriter::open(path);
  if (!writer) {
    if (writer.error().code != ErrorCode::Busy) return writer.error();
    const std::string leader = name_lock_holder(setup_.paths.runner_stream(id));
    return Error{ErrorCode::Busy,
                 "task " + id + " is led by " + (leader.empty() ? "another runner" : leader)};
  }
  writer_.emplace(std::move(*writer));
  return Done{};
}

// While we hold the lock, no other process appends, so this reads all records.
Result<RunnerStream> TaskOpening::read_own_stream() {
  auto stream = read_runner_stream(writer_->fd(), writer_->path());
  if (!stream) return stream.error();
  records_ = stream->records;
  const std::optional<RunnerHeader>& header = stream->history.header();
  if (header && header->task_id != setup_.header.task_id) {
    return Error{ErrorCode::Corrupt, writer_->path() + ": this is the stream of task " +
                                         header->task_id + "; the file is left as it is"};
  }
  return stream;
}

// Creates the task's file if there is none. If there is one, it must have the same configuration.
Status TaskOpening::settle_task_file(History& history) {
  const std::string& id = setup_.header.task_id;
  const bool begun = history.header().has_value();
  // The task has not begun, so a replacement's file would be that of an earlier task of this id,
  // which never began.
  if (!begun) remove_replacement(setup_.paths, id, 1);
  const bool takes_over = setup_.predecessor.history != nullptr;
  if (exists(setup_.paths.active_task(id))) {
    if (takes_over) {
      return Error{ErrorCode::Usage, "task " + id + " is there already; give another --task-id"};
    }
    if (setup_.replaces_unbegun && !begun) return make_task();
    return active_task_is_blank(setup_.paths, id) ? write_task_again() : check_same_task();
  }
  // The task ended between our first check and taking the lock.
  if (exists(setup_.paths.finished_task(id))) return refuse_ended(history.state());
  // A stream without a task state was never led: the process that prepared it died before it
  // created the task's file.
  const bool prepared = begun && !history.header()->continues.empty() && history.steps().empty();
  if (takes_over && (!begun || prepared)) {
    // Holds the predecessor's lock until the new task's file exists, which shows others that the
    // predecessor is in use.
    const auto held = hold_predecessor();
    if (!held) return held.error();
    auto taken = begin_from_predecessor(history);
    return taken ? make_task() : taken;
  }
  if (prepared) {
    auto emptied = rewrite_stream(history, History());
    return emptied ? make_task() : emptied;
  }
  if (!begun) return durable() ? prepare_task() : make_task();
  return Error{
      ErrorCode::Corrupt,
      setup_.paths.active_task(id) + " is missing, but " + writer_->path() +
          " has records: put the task's file back, or give another --task-id; `thermos gc` "
          "removes them when they are an hour old"};
}

Status TaskOpening::rewrite_stream(History& history, History by) {
  auto rewritten = compact_stream(writer_->path(), by, durable());
  if (!rewritten) return rewritten.error();
  writer_.emplace(std::move(*rewritten));
  history = std::move(by);
  return Done{};
}

// Takes the predecessor's lock: no process removes that task while we hold it.
Result<StreamWriter> TaskOpening::hold_predecessor() const {
  const std::string& before = setup_.predecessor.history->header()->task_id;
  const Paths& paths = setup_.paths;
  const auto gone = [&] {
    return Error{ErrorCode::NotFound, "task " + before + " was removed meanwhile"};
  };
  // Taking the lock would create a missing stream.
  if (!exists(paths.runner_stream(before))) return gone();
  auto held = StreamWriter::open_patiently(paths.runner_stream(before));
  if (!held && held.error().code == ErrorCode::Busy) {
    return Error{ErrorCode::Busy, "task " + before + ": somebody leads it, or removes it"};
  }
  if (held && !exists(paths.finished_task(before)) && !exists(paths.active_task(before))) {
    return gone();
  }
  return held;
}

// Writes the header and all taken over successes to the stream before the task has a file. So a
// reader that finds the task finds every success that it takes over, and if this process dies
// before, there is no task.
Status TaskOpening::begin_from_predecessor(History& history) {
  const History& before = *setup_.predecessor.history;
  settle_header(History());
  History taken;
  if (const auto added = taken.apply(header_); !added) return added.error();
  for (const std::string& name : setup_.predecessor.taken_over) {
    const ProcessHistory& process = before.process(*before.find(name));
    if (auto added = take_over(taken, process, before.header()->task_id); !added) return added;
  }
  return rewrite_stream(history, std::move(taken));
}

// The previous runner died between the last record and the move to tasks/finished. Moves the task's
// file, and returns an error in any case, because a task that has ended is not led.
Error TaskOpening::complete_move(TaskState state) {
  if (!durable()) {
    if (auto synced = sync_stream(); !synced) return synced.error();
  }
  auto moved = move_to_finished(setup_.paths, setup_.header.task_id, durable());
  return moved ? refuse_ended(state) : moved.error();
}

void TaskOpening::settle_header(const History& history) {
  if (history.header()) {
    header_ = *history.header();  // a task that was begun goes on in the same place
    return;
  }
  if (header_.hostname.empty()) {
    char hostname[256] = {};
    gethostname(hostname, sizeof hostname - 1);
    header_.hostname = hostname;
  }
  header_.launch_time = now_;
  // Another task may use the same sandbox and write its logs there.
  const bool default_name = header_.log_dir == header_.sandbox + "/.logs" ||
                            (header_.sandbox == "/" && header_.log_dir == "/.logs");
  TaskUser user;
  if (default_name && !find_task_user(header_.user, user, header_.uid)) {
    header_.log_dir = claim_log_directory(header_, user);
  }
}

// The previous runner may have died between writing and syncing, or between a rename and the
// directory's sync. Nothing may be done because of a record that a power cut could still undo, so
// everything is synced.
Status TaskOpening::settle_disk(const History& history) {
  if (exists(unsynced_mark_of(writer_->path()))) return write_stream_again(history);
  if (!durable() || unplaced_) return Done{};
  if (!history.header()) return sync_directory(setup_.paths.active_dir());
  if (auto synced = sync_stream(); !synced) return synced;
  return writer_->sync_name();
}

// A sync of the stream failed under an earlier runner, so no further sync of the same file can be
// trusted.
Status TaskOpening::write_stream_again(const History& history) {
  auto rewritten = write_unsynced_again(writer_->path(), history);
  if (!rewritten) return rewritten.error();
  writer_.emplace(std::move(*rewritten));
  return Done{};
}

Status TaskOpening::sync_stream() {
  return mark_unsynced(writer_->path(), writer_->sync());
}

Status TaskOpening::make_task() {
  // Syncs the directory first, so that a power cut never leaves the task without the successes that
  // it has taken over.
  if (new_directory_ && durable()) {
    if (auto synced = sync_directory(setup_.paths.checkpoints_dir()); !synced) return synced;
    new_directory_ = false;
  }
  return write_active_task(setup_.paths, setup_.header.task_id, config::to_json(*setup_.task, 2),
                           durable());
}

// The task's file was not synced, and a power cut removed its contents, so the configurations can't
// be compared.
Status TaskOpening::write_task_again() {
  spdlog::warn(
      "{} has no contents, as a loss of power may leave it; the task goes on with the "
      "configuration that is given now",
      setup_.paths.active_task(setup_.header.task_id));
  return replace_active_task(setup_.paths, setup_.header.task_id, config::to_json(*setup_.task, 2));
}

Status TaskOpening::prepare_task() {
  auto written =
      prepare_active_task(setup_.paths, setup_.header.task_id, config::to_json(*setup_.task, 2));
  if (!written) return written.error();
  unplaced_ = std::move(*written);
  return Done{};
}

Status TaskOpening::check_same_task() const {
  const std::string path = setup_.paths.active_task(setup_.header.task_id);
  // Compares the file with the text of the configuration first, because writing a task as text
  // takes an eighth of the time of reading one.
  TextInFile file(path);
  const auto same = [&file](std::string_view piece) { return file.goes_on_with(piece); };
  if (config::write_json(*setup_.task, 2, same) && file.goes_on_with({})) return Done{};
  auto text = read_file(path);
  if (!text) return text.error();
  auto recorded = config::load_bound(*text, path);
  if (!recorded) return recorded.error();
  const std::string difference = config::first_difference(*recorded, *setup_.task);
  if (difference.empty()) return Done{};
  return Error{ErrorCode::BadConfig, "task " + setup_.header.task_id +
                                         " exists with another configuration: " + difference +
                                         "; give another --task-id, or the same configuration"};
}

}  // namespace

Result<OpenedTask> open_task(const TaskSetup& setup, SyncMode sync, Microseconds now,
                             std::optional<LockReach> reach) {
  return TaskOpening(setup, sync, now, reach).carry_out();
}

}  // namespace thermos
