#include "reactor/fsck/fsck_task.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "core/config/load.h"
#include "reactor/os/files.h"
#include "reactor/os/identity.h"
#include "reactor/os/lock_holder.h"
#include "reactor/store/compaction.h"
#include "reactor/store/coordinator_streams.h"
#include "reactor/store/stream_lock.h"
#include "reactor/store/task_removal.h"
#include "reactor/store/task_store.h"
#include "reactor/store/unsynced_mark.h"

namespace thermos {
namespace {

// The most times that a task is checked if it changes during the check.
constexpr int kLooks = 5;

std::string holder_text(const std::string& path) {
  const auto holder = lock_holder(path);
  return holder ? "pid " + std::to_string(holder->pid) : std::string("somebody");
}

}  // namespace

TaskCheck::TaskCheck(const Paths& paths, std::string task_id, bool leading)
    : paths_(paths), id_(std::move(task_id)), leading_(leading) {}

Finding& TaskCheck::find(Severity severity, std::string file, std::string what,
                         std::string advice) {
  Finding& finding = findings_.emplace_back();
  finding.severity = severity;
  finding.task_id = id_;
  finding.file = std::move(file);
  finding.what = std::move(what);
  finding.advice = std::move(advice);
  return finding;
}

bool TaskCheck::corrupt() const {
  return std::any_of(findings_.begin(), findings_.end(),
                     [](const Finding& finding) { return finding.corrupt; });
}

TaskCheck::Presence TaskCheck::presence() const {
  Presence here;
  here.active = exists(paths_.active_task(id_));
  here.finished = exists(paths_.finished_task(id_));
  here.checkpoints = exists(paths_.checkpoint_dir(id_));
  if (!leading_) {
    const auto locked = stream_is_locked(paths_.runner_stream(id_));
    here.led = locked && *locked;
  }
  return here;
}

void TaskCheck::look() {
  for (int looks = 0; looks < kLooks; ++looks) {
    now_ = presence();
    findings_.clear();
    coordinators_.clear();
    ran_on_nodes_ = false;
    task_.reset();
    runner_ = {};
    history_ = {};
    streams_ = records_ = 0;
    look_once();
    if (presence() == now_) return;
  }
}

void TaskCheck::look_once() {
  if (!now_.active && !now_.finished && !now_.checkpoints) return;  // it was removed meanwhile
  const std::vector<std::string> files = list_directory(paths_.checkpoint_dir(id_));
  read_task_file();
  // Coordinators' streams before the runner's. The runner writes WAITING before a coordinator
  // exists, so every coordinator's record that is read has its WAITING in the runner's stream read
  // afterwards.
  read_coordinators();
  read_runner();
  if (!now_.active && !now_.finished) {
    check_unborn(files);
  } else {
    check_directory();
  }
  check_other_files(files);
  check_processes();
  for (const CoordinatorReading& coordinator : coordinators_) {
    if (runner_.whole() && coordinator.stream.whole()) check_agreement(coordinator);
    check_lock(coordinator);
  }
}

void TaskCheck::read_task_file() {
  if (!now_.active && !now_.finished) return;
  const std::string path = now_.active ? paths_.active_task(id_) : paths_.finished_task(id_);
  if (now_.active && now_.finished) {
    find(Severity::Error, paths_.finished_task(id_), "the task is in tasks/active too",
         "remove the wrong one of the two");
  }
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    find(Severity::Error, path, "not a regular file, so not a task", "move it out of the way");
    return;
  }
  const auto text = read_file(path);
  if (!text) {
    find(Severity::Error, path, text.error().message);
    return;
  }
  auto task = config::load_bound(*text, "the task");
  if (task) {
    task_ = std::move(*task);
    return;
  }
  Finding& finding = find(Severity::Error, path, task.error().message,
                          active_task_is_blank(paths_, id_)
                              ? "`thermos run` with its configuration and id goes on"
                              : "put the file back from the configuration that was run");
  finding.corrupt = true;
}

// ---- streams -----------------------------------------------------------------------------------

void TaskCheck::count(StreamReading& reading) {
  if (!reading.not_a_stream) ++streams_;
  records_ += reading.records;
  for (Finding& finding : std::exchange(reading.findings, {})) {
    finding.task_id = id_;
    findings_.push_back(std::move(finding));
  }
}

void TaskCheck::read_runner() {
  runner_ = check_stream(paths_.runner_stream(id_), leading_,
                         [&](const Record& record, std::size_t /*offset*/) {
                           const auto applied = history_.apply(record);
                           return applied ? Status(Done{}) : Status(applied.error());
                         });
  count(runner_);
}

bool TaskCheck::stream_of_task(const std::string& file) const {
  const std::string_view process = process_of_file(file);
  if (process.empty()) return false;
  if (!task_) return true;
  return std::any_of(task_->processes.begin(), task_->processes.end(),
                     [&](const ProcessConfig& config) { return config.name == process; });
}

// Returns whether the file is the stream of a removed process, one of a replaced configuration. Its
// records are part of the history.
bool TaskCheck::stream_of_removed(const std::string& file) const {
  const auto process = history_.find(process_of_file(file));
  return process && history_.process(*process).removed;
}

void TaskCheck::read_coordinators() {
  for (const CoordinatorStream& stream : coordinator_streams(paths_, id_)) {
    if (!stream.node.empty()) {
      read_node_stream(stream.path, stream.process);
    } else if (stream_of_task(coordinator_file(stream.process))) {
      coordinators_.push_back(check_coordinator_stream(stream.path, stream.process));
      count(coordinators_.back().stream);
    }
  }
}

// Reads a coordinator's stream of a node. The stream may be on another machine, which may be
// writing it under a lock that is not visible here. It may also continue after the end that the
// leader recorded when the node was gone. So only its bytes are checked, and an unfinished record
// is left alone.
void TaskCheck::read_node_stream(const std::string& path, const std::string& process) {
  ran_on_nodes_ = true;
  StreamReading reading = check_coordinator_stream(path, process).stream;
  std::erase_if(reading.findings,
                [](const Finding& finding) { return finding.remedy == Remedy::CutTail; });
  count(reading);
}

// ---- the task ----------------------------------------------------------------------------------

void TaskCheck::check_directory() {
  const std::string path = now_.active ? paths_.active_task(id_) : paths_.finished_task(id_);
  if (runner_.missing) {
    if (now_.active) {
      find(Severity::Warning, path, "active, and there is no runner's stream",
           "a run with this id begins it again, with what its coordinators recorded");
    } else {
      find(Severity::Error, path,
           "finished, and there is no runner's stream, so its result is unknown");
    }
    return;
  }
  if (!runner_.whole()) return;
  const bool over = is_terminal(history_.state());
  if (!now_.active) {
    if (!over) {
      find(Severity::Error, path,
           "finished, and its history ends " + std::string(name_of(history_.state())),
           "move it to tasks/active to let it go on");
    }
    if (now_.led) {
      find(Severity::Warning, runner_.path,
           "finished, and its lock is held by " + holder_text(runner_.path));
    }
    return;
  }
  if (now_.led) return;
  if (over) {
    if (now_.finished) return;  // a person must decide which of the two is right
    find(Severity::Warning, path,
         "ended " + std::string(name_of(history_.state())) +
             ", and is still among the active ones: its runner died before it could move it",
         "--repair moves it, and so does a run with this id")
        .remedy = Remedy::MoveToFinished;
    return;
  }
  find(Severity::Warning, path, "active, and nobody leads it",
       "`thermos run` with its configuration and id goes on, `thermos kill` ends it");
}

void TaskCheck::check_processes() {
  if (!history_.header()) return;
  if (history_.header()->task_id != id_) {
    find(Severity::Error, runner_.path,
         "the history of another task, " + history_.header()->task_id);
  }
  for (const ProcessHistory& process : history_.processes()) {
    if (task_ && !process.removed && !stream_of_task(coordinator_file(process.name))) {
      find(Severity::Error, runner_.path,
           "it has records of a process that the task does not have: " + process.name);
    }
  }
}

// Finds a process that has ended without a record of its end. A coordinator that cannot write keeps
// its record and tries again. A check in the moment between an end and its record sees the same.
void TaskCheck::check_end_is_recorded(const CoordinatorReading& coordinator) {
  const auto& seen = coordinator.transitions;
  if (!coordinator.stream.locked || seen.size() < 2) return;
  const ProcessStatus& running = seen.back().status;
  const auto boot = read_boot_id();
  if (running.state != ProcessState::Running || !boot || seen[seen.size() - 2].status.boot != *boot)
    return;
  const auto process = read_stat(running.identity.pid);
  if (process && process->identity == running.identity && process->state != 'Z') return;
  find(Severity::Note, coordinator.stream.path,
       "the process of run " + std::to_string(running.run) +
           " has ended, and its coordinator has not recorded that",
       "if this stays so, see whether the file can be written; the coordinator tries again and "
       "again");
}

// Checks whether the coordinator's lock is held as the task's records say.
void TaskCheck::check_lock(const CoordinatorReading& coordinator) {
  check_end_is_recorded(coordinator);
  if (!left_alone()) return;
  const StreamReading& stream = coordinator.stream;
  if (stream.locked) {
    std::string who = "a coordinator";
    if (!coordinator.transitions.empty()) {
      const SeenTransition* forked = nullptr;
      for (const SeenTransition& seen : coordinator.transitions) {
        if (seen.status.state == ProcessState::Forked) forked = &seen;
      }
      if (forked != nullptr) who += ", pid " + std::to_string(forked->status.identity.pid) + ",";
    }
    if (now_.active && !is_terminal(history_.state())) {
      find(Severity::Warning, stream.path, who + " lives, and nobody leads the task",
           "the next leader adopts it");
    } else if (!now_.active && !now_.finished && !is_terminal(history_.state())) {
      find(Severity::Error, stream.path, who + " lives, and the task's file is gone",
           "put the file back, in tasks/active; then the next leader adopts it");
    } else {
      find(Severity::Error, stream.path, who + " lives, and the task has ended",
           "end that process by hand");
    }
    return;
  }
  if (!now_.active || !stream.whole() || !runner_.whole() || is_terminal(history_.state())) return;
  const auto index = history_.find(coordinator.process);
  if (!index || !history_.process(*index).live()) return;
  const Run& run = *history_.process(*index).current();
  const auto& seen = coordinator.transitions;
  const bool ended = !seen.empty() && seen.back().status.run == run.number &&
                     is_terminal(seen.back().status.state);
  if (ended || run.state == ProcessState::Waiting) return;
  find(Severity::Note, stream.path,
       "run " + std::to_string(run.number) + " has no end on record, and its coordinator is gone",
       "the next leader records it LOST and runs it again");
}

// ---- what is left over -------------------------------------------------------------------------

void TaskCheck::check_unborn(const std::vector<std::string>& files) {
  const std::string directory = paths_.checkpoint_dir(id_);
  if (now_.led) return;  // the leader is creating it
  // A task that continues another one is prepared before its file exists, and led after that.
  const bool prepared =
      history_.header() && !history_.header()->continues.empty() && history_.steps().empty();
  const bool any = (records_ > 0 && !prepared) || runner_.corrupt || runner_.unreadable ||
                   !coordinators_.empty() || ran_on_nodes_;
  if (exists(removed_task(paths_, id_))) {
    find(Severity::Note, directory, "a task whose removal was not completed",
         "`thermos gc` completes it, and so does a run with this id");
    return;
  }
  if (any && runner_.whole() && is_terminal(history_.state())) {
    find(Severity::Note, directory, "what is left of a task that has ended; its file was deleted",
         "`thermos gc` removes it, and so does a run with this id");
    return;
  }
  if (runner_.corrupt) {
    find(Severity::Error, directory, "checkpoints without a task file, and damaged",
         "put back the task's file and its stream, or let `thermos gc --keep 0 " + id_ +
             "` remove what is left");
    return;
  }
  if (any) {
    find(Severity::Error, directory, "checkpoints without a task file",
         "put the task's file back into tasks/active or tasks/finished, or let `thermos gc` remove "
         "what is left");
    return;
  }
  const bool ours = std::all_of(files.begin(), files.end(), [](const std::string& file) {
    return file == "runner" || file == "task" || file == "leader" || file == "leader.new" ||
           file == "runner.compact";
  });
  Finding& finding =
      find(Severity::Note, directory, "checkpoints of a task whose creation was not completed",
           ours ? "--repair removes it" : "it contains other files: remove it by hand");
  if (ours) finding.remedy = Remedy::RemoveUnborn;
}

void TaskCheck::check_other_files(const std::vector<std::string>& files) {
  if (!now_.active && !now_.finished) return;
  if (now_.led) return;  // the leader may be writing it
  const std::string directory = paths_.checkpoint_dir(id_) + "/";
  const std::string runner_aside = aside_of(runner_.path);
  for (const std::string& file : files) {
    const std::string path = directory + file;
    if (file == "runner" || stream_of_task(file) || stream_of_removed(file)) continue;
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0) continue;
    if (file == "nodes" && S_ISDIR(info.st_mode)) continue;
    if ((file == "leader" || file == "leader.new") && S_ISSOCK(info.st_mode)) {
      find(Severity::Note, path, "the socket of a leader that is gone", "--repair removes it")
          .remedy = Remedy::RemoveFile;
    } else if (S_ISREG(info.st_mode) &&
               (file == "task" || path == runner_aside || file.starts_with("compact."))) {
      find(Severity::Note, path, "left over from a write that was not completed",
           "--repair removes it")
          .remedy = Remedy::RemoveFile;
    } else if (file == replacement_file(history_.generation() + 1)) {
      find(Severity::Note, path, "a replacement of its configuration that is not in place yet",
           "whoever leads the task completes it");
    } else if (path == unsynced_mark_of(runner_.path)) {
      find(Severity::Note, path, "a sync of the runner's stream failed",
           "whoever leads the task next writes the stream anew");
    } else if (!process_of_file(file).empty()) {
      find(Severity::Warning, path, "the stream of a process that the task does not have");
    } else {
      find(Severity::Note, path, "not one of the task's files");
    }
  }
}

}  // namespace thermos
