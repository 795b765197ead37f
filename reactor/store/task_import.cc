#include "reactor/store/task_import.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <set>
#include <utility>

#include "core/config/load.h"
#include "core/config/to_json.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/store/ancestor_stream.h"
#include "reactor/store/stream_lock.h"
#include "reactor/store/stream_writer.h"
#include "reactor/store/task_list.h"
#include "reactor/store/task_store.h"

namespace thermos {
namespace {

constexpr std::string_view kMark = "imported from ";

std::string lock_path(const Paths& to) {
  return to.checkpoints_dir() + "/.import.lock";
}

bool same_directory(const std::string& a, const std::string& b) {
  struct stat one {};
  struct stat other {};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// Removes a directory that an import wrote, and nothing else.
void remove_checkpoint(const std::string& directory) {
  ::unlink((directory + "/task").c_str());
  ::unlink((directory + "/runner").c_str());
  ::rmdir(directory.c_str());
}

}  // namespace

bool was_imported(const History& history) {
  return !history.steps().empty() && history.steps().front().reason.starts_with(kMark);
}

Result<std::vector<std::string>> list_ancestor_tasks(const Paths& from) {
  if (!is_directory(from.root())) {
    return Error{ErrorCode::NotFound, from.root() + ": no such directory"};
  }
  if (!is_directory(from.checkpoints_dir())) {
    return Error{ErrorCode::NotFound,
                 from.root() + ": no root of Apache Thermos: it has no directory 'checkpoints'"};
  }
  const auto tasks = list_tasks(from);
  if (!tasks) return tasks.error();
  std::set<std::string> ids;
  for (const TaskEntry& task : *tasks) ids.insert(task.id);
  for (const std::string& name : list_directory(from.checkpoints_dir())) {
    // Leaves out files that someone left there.
    if (is_directory(from.checkpoint_dir(name))) ids.insert(name);
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

Result<TaskImport> TaskImport::begin(Paths from, Paths to) {
  if (same_directory(from.root(), to.root())) {
    return Error{ErrorCode::Usage,
                 from.root() + ": the tasks are to go to another root: give it with --root"};
  }
  for (const char* directory : {"tasks/active", "tasks/finished", "checkpoints"}) {
    if (auto made = make_task_directory(to, directory); !made) return made.error();
  }
  auto lock = lock_stream(lock_path(to));
  if (!lock && lock.error().code == ErrorCode::Busy) {
    return Error{ErrorCode::Busy, to.root() + ": another import into this root is under way"};
  }
  if (!lock) return lock.error();
  TaskImport import(std::move(from), std::move(to), std::move(lock->fd));
  // Removes the leftover of an import that was killed.
  remove_checkpoint(import.aside());
  return import;
}

TaskImport::~TaskImport() {
  // Removed while it is locked, so that a program that waits for the lock finds that the name means
  // another file.
  if (lock_) ::unlink(lock_path(to_).c_str());
}

Result<ImportedTask> TaskImport::take(const std::string& id) {
  if (Status name = check_task_id(id); !name) return name.error();
  ImportedTask imported;
  imported.was_active = exists(from_.active_task(id));
  const Result<bool> there = checkpoint_is_there(id);
  if (!there) return there.error();
  imported.before = *there && exists(to_.finished_task(id));
  if (imported.before) return imported;

  const auto history = read_ancestor_task(from_, id, std::string(kMark) + from_.root());
  if (!history) return history.error();
  imported.state = history->state();
  const auto json = task_json(id, *history);
  if (!json) return json.error();
  if (!*there) {
    if (Status written = write_checkpoint(id, *history); !written) return written.error();
  }
  if (Status written = write_task_file(id, *json); !written) {
    ::unlink(to_.finished_task(id).c_str());
    remove_checkpoint(to_.checkpoint_dir(id));
    return written.error();
  }
  return imported;
}

// Returns whether an earlier import wrote the task's checkpoint. Fails with Usage if the id belongs
// to another task.
Result<bool> TaskImport::checkpoint_is_there(const std::string& id) const {
  const bool finished = exists(to_.finished_task(id));
  if (!exists(to_.active_task(id)) && !finished && !exists(to_.checkpoint_dir(id))) return false;
  if (!exists(to_.active_task(id))) {
    const auto stream = read_runner_stream(to_.runner_stream(id));
    if (stream && was_imported(stream->history)) return true;
  }
  return Error{ErrorCode::Usage, "there is another task of this id under " + to_.root()};
}

// Returns the task's file as this program writes it. References that Apache Thermos bound at run
// time are bound from the header.
Result<std::string> TaskImport::task_json(const std::string& id, const History& history) const {
  const std::string path =
      exists(from_.active_task(id)) ? from_.active_task(id) : from_.finished_task(id);
  const auto text = read_file(path);
  if (!text) return text.error();
  config::Bindings bindings;
  bindings.task_id = id;
  bindings.user = history.header()->user;
  bindings.ports = history.header()->ports;
  const auto task = config::load(*text, path, "", bindings);
  if (!task) return task.error();
  for (const ProcessHistory& process : history.processes()) {
    const bool known =
        std::any_of(task->processes.begin(), task->processes.end(),
                    [&](const ProcessConfig& config) { return config.name == process.name; });
    if (!known) {
      return error_at(ErrorCode::Corrupt, path, std::nullopt,
                      "it has no process " + process.name + ", which has records");
    }
  }
  return config::to_json(*task, 2) + "\n";
}

Status TaskImport::write_stream(const std::string& directory, const History& history) const {
  const std::string path = directory + "/runner";
  auto writer = StreamWriter::open(path);
  if (!writer) return writer.error();
  Status written =
      history.rewrite([&](const Record& record) { return writer->append_later(record); });
  if (written) written = writer->flush();
  if (written) written = writer->sync();
  if (!written) return written;
  const auto back = read_runner_stream(path);
  if (!back) return back.error();
  if (back->history == history) return Done{};
  return error_at(ErrorCode::Corrupt, path, std::nullopt,
                  "it could not be written as it was read: a text in it is too long");
}

// Writes the checkpoint to a temporary directory first, so that a checkpoint in its place is
// complete.
Status TaskImport::write_checkpoint(const std::string& id, const History& history) const {
  if (::mkdir(aside().c_str(), 0700) != 0) return system_error("cannot make " + aside(), errno);
  Status written = write_stream(aside(), history);
  if (written) written = sync_directory(aside());
  const std::string place = to_.checkpoint_dir(id);
  if (written && ::rename(aside().c_str(), place.c_str()) != 0) {
    written = system_error("cannot make " + place, errno);
  }
  if (!written) {
    remove_checkpoint(aside());
    return written;
  }
  return sync_directory(to_.checkpoints_dir());
}

Status TaskImport::write_task_file(const std::string& id, const std::string& json) const {
  const std::string place = to_.finished_task(id);
  Status written = place_file(place, json, to_.checkpoint_dir(id) + "/task", true);
  return written ? sync_directory(to_.finished_dir()) : written;
}

}  // namespace thermos
