#include "reactor/store/task_removal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "core/record/retention.h"
#include "reactor/os/clocks.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/os/path_control.h"
#include "reactor/store/coordinator_streams.h"
#include "reactor/store/log_directory.h"
#include "reactor/store/run_logs.h"
#include "reactor/store/stream_lock.h"
#include "reactor/store/stream_reader.h"
#include "reactor/store/task_import.h"
#include "reactor/store/task_list.h"

namespace thermos {
namespace {

constexpr std::string_view kPutAway = ".removed.";
// The directories under the root that hold a directory for each task.
constexpr std::array<const char*, 3> kHolders = {"checkpoints", "sandboxes", "logs"};

Error busy(const std::string& task_id, const std::string& why) {
  return {ErrorCode::Busy, "task " + task_id + ": " + why};
}

// Returns a random name, because two programs may put directories away at the same time.
std::string unused_name() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) {
    number = static_cast<std::uint64_t>(read_clocks().boot);
  }
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(number));
  return std::string(kPutAway) + digits.data();
}

// Renames a directory beside its old place, which is on the same file system and where its owner
// may rename it.
Status put_away_directory(const std::string& path) {
  const std::string aside = path.substr(0, path.rfind('/') + 1) + unused_name();
  if (::rename(path.c_str(), aside.c_str()) == 0 || errno == ENOENT) return Done{};
  if (errno == EBUSY) {
    return Error{ErrorCode::System,
                 path + ": a file system is mounted there: unmount it, and what is left goes"};
  }
  return system_error("cannot put away " + path, errno);
}

// Returns whether the removal was decided for certain. A file that can't be looked at does not
// count.
bool is_decided(const Paths& paths, const std::string& task_id) {
  struct stat info {};
  return ::lstat(removed_task(paths, task_id).c_str(), &info) == 0;
}

// Returns whether the newest of a task's files was written so recently that somebody may be about
// to write the next one.
bool is_fresh(const Paths& paths, const std::string& task_id) {
  const Microseconds now = read_clocks().wall;
  for (const std::string& path : {paths.checkpoint_dir(task_id), paths.runner_stream(task_id)}) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) continue;
    if (now - static_cast<Microseconds>(info.st_mtim.tv_sec) * kSecond < kYoung) return true;
  }
  return false;
}

}  // namespace

Result<FileOwner> owner_of_root(const Paths& paths) {
  RunnerHeader ours;
  ours.uid = ::geteuid();
  if (ours.uid != 0) return log_reader_of(ours, ours.uid);
  std::set<uid_t> users;
  for (const char* directory :
       {"", "/checkpoints", "/sandboxes", "/logs", "/tasks/active", "/tasks/finished"}) {
    const auto some = controllers_of(paths.root() + directory);
    if (!some) return some.error();
    users.insert(some->begin(), some->end());
  }
  if (users.size() > 1) {
    return Error{ErrorCode::NotPermitted,
                 paths.root() +
                     ": several users own directories on the way to its tasks, or links, "
                     "so root removes nothing there"};
  }
  return log_reader_of(ours, users.empty() ? 0 : *users.begin());
}

std::string removed_task(const Paths& paths, const std::string& task_id) {
  return paths.checkpoint_dir(task_id) + "/removed";
}

Status check_not_being_made(const Paths& paths, const std::string& task_id) {
  if (exists(paths.runner_stream(task_id)) || exists(removed_task(paths, task_id)) ||
      !is_fresh(paths, task_id)) {
    return Done{};
  }
  return busy(task_id, "it is being created, or was a moment ago");
}

TaskPlaces places_of(const Paths& paths, const std::string& task_id, const History* history) {
  TaskPlaces places;
  places.checkpoints = paths.checkpoint_dir(task_id);
  // The directories that an imported history names belong to another root.
  if (history != nullptr && was_imported(*history)) return places;
  const RunnerHeader* const header =
      history != nullptr && history->header() ? &*history->header() : nullptr;
  const std::string sandbox = paths.default_sandbox(task_id);
  const std::string logs = paths.default_log_dir(task_id);
  // These names belong to the task even if nothing is recorded.
  if (header == nullptr || header->sandbox == sandbox) places.sandbox = sandbox;
  if (header == nullptr || header->log_dir == logs) places.logs = logs;
  places.logs_elsewhere =
      header != nullptr && places.logs.empty() &&
      (places.sandbox.empty() || !header->log_dir.starts_with(places.sandbox + "/"));
  return places;
}

// ---- the removal of one task -------------------------------------------------------------------

Result<TaskRemoval> TaskRemoval::begin(const Paths& paths, const std::string& task_id, bool patient,
                                       bool damaged) {
  auto owner = owner_of_root(paths);
  if (!owner) return owner.error();
  TaskRemoval removal(paths, task_id, std::move(*owner));
  const AsUser self(removal.owner_);
  if (!self.holds()) return cannot_act_as(removal.owner_);
  if (Status locked = removal.lock(patient); !locked) return locked.error();
  if (Status looked = removal.look(damaged); !looked) return looked.error();
  return removal;
}

Status TaskRemoval::lock(bool patient) {
  const std::string directory = paths_->checkpoint_dir(id_);
  const bool finished = exists(paths_->finished_task(id_));
  fresh_ = is_fresh(*paths_, id_);  // before lock_stream(), which may create a file
  if (!finished && !exists(directory)) {
    return Error{ErrorCode::NotFound, "nothing is left of task " + id_};
  }
  // Somebody deleted the checkpoint directory. It is created again, because the lock that keeps
  // others out is in it.
  if (finished && ::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error("cannot make " + directory, errno);
  }
  // A task that is being created has no stream yet. This call must not create one, because the task
  // would then look as if it had begun.
  const std::string path = paths_->runner_stream(id_);
  if (!finished) {
    if (Status old = check_not_being_made(*paths_, id_); !old) return old;
  }
  auto locked = patient ? lock_stream_patiently(path) : lock_stream(path);
  if (locked) {
    lock_ = std::move(locked->fd);
    empty_ = locked->size == 0;
    return Done{};
  }
  if (locked.error().code != ErrorCode::Busy) return locked.error();
  const auto held = stream_is_locked(path);
  const bool only_asked = held && !*held;
  return busy(id_,
              only_asked ? "its lock is being asked about" : "somebody leads it, or checks it");
}

// Reads and checks the task. Called under the lock, so nobody changes the task.
Status TaskRemoval::look(bool damaged) {
  if (exists(paths_->active_task(id_))) return busy(id_, "it is active");
  whole_ = exists(paths_->finished_task(id_));
  if (!empty_) {
    auto stream = read_runner_stream(lock_.get(), paths_->runner_stream(id_));
    const bool given_up =
        damaged && !whole_ && !stream && stream.error().code == ErrorCode::Corrupt;
    if (!stream && !given_up) return stream.error();
    if (stream && stream->history.header()) history_ = std::move(stream->history);
  }
  if (history_ && history_->header()->task_id != id_) {
    return error_at(ErrorCode::Corrupt, paths_->runner_stream(id_), std::nullopt,
                    "the history of another task, " + history_->header()->task_id);
  }
  if (whole_ && history_ && !is_terminal(history_->state())) {
    return error_at(ErrorCode::Corrupt, paths_->finished_task(id_), std::nullopt,
                    "finished, and its history ends " + std::string(name_of(history_->state())));
  }
  // The id may now belong to another task than the one that was to be removed.
  if (whole_ && history_ && read_clocks().wall - history_->steps().back().status.at.wall < kYoung) {
    return busy(id_, "it ended less than an hour ago");
  }
  if (Status over = check_coordinators(); !over) return over;
  return whole_ ? Status(Done{}) : check_left_over();
}

Status TaskRemoval::check_left_over() const {
  if (is_decided(*paths_, id_)) return Done{};
  // An import puts the checkpoints in place before the task's file.
  const bool ended = history_ && is_terminal(history_->state()) && !was_imported(*history_);
  if (ended || !fresh_) return Done{};
  return busy(id_, "its file is gone, and it was written less than an hour ago");
}

Status TaskRemoval::check_coordinators() const {
  for (const CoordinatorStream& stream : coordinator_streams(*paths_, id_)) {
    const auto held = stream_is_locked(stream.path);
    if (held && *held) {
      return busy(id_, "a coordinator of its process " + stream.process + " lives");
    }
  }
  return Done{};
}

// A program that takes over from this task holds the same lock until its new task exists.
Status TaskRemoval::decide(PlacesInUse& in_use) {
  if (!whole_) return Done{};
  in_use.refresh();
  if (const auto takers = in_use.takers().find(id_); takers != in_use.takers().end()) {
    return busy(id_, "task " + *takers->second.begin() + " has taken over from it");
  }
  const AsUser self(owner_);
  if (!self.holds()) return cannot_act_as(owner_);
  const std::string from = paths_->finished_task(id_);
  if (::rename(from.c_str(), removed_task(*paths_, id_).c_str()) != 0) {
    return system_error("cannot remove " + from, errno);
  }
  in_use.forget(id_);
  return Done{};
}

Status TaskRemoval::settle() const {
  if (!whole_) return Done{};
  const AsUser self(owner_);
  if (!self.holds()) return cannot_act_as(owner_);
  if (Status synced = sync_directory(paths_->checkpoint_dir(id_)); !synced) return synced;
  return sync_directory(paths_->finished_dir());
}

void TaskRemoval::plan(const PlacesInUse& in_use) {
  places_ = places_of(*paths_, id_, history_ ? &*history_ : nullptr);
  if (history_ && !places_->sandbox.empty() && in_use.uses(places_->sandbox)) {
    places_->sandbox.clear();
    places_->logs_elsewhere = places_->logs.empty();
  }
  if (!places_->logs_elsewhere || in_use.uses(history_->header()->log_dir)) return;
  struct stat info {};
  const bool known = ::fstat(lock_.get(), &info) == 0;
  const RunnerHeader& header = *history_->header();
  // In a root that another user controls, that user may have led root to a record of somebody
  // else's. So only the rights of that user count.
  const uid_t vouches = owner_.change ? owner_.uid : known ? info.st_uid : ::geteuid();
  logs_.emplace(header, log_reader_of(header, vouches));
}

// Returns the sandbox that the daemon made for another, already removed task, and in which this
// task ran, too. Returns "" if that id is used again or may soon be, because a submission creates
// the sandbox first.
std::string TaskRemoval::sandbox_of_another() const {
  if (!history_ || was_imported(*history_)) return {};
  const std::string& sandbox = history_->header()->sandbox;
  const std::string holder = paths_->root() + "/sandboxes/";
  if (!sandbox.starts_with(holder)) return {};
  const std::string other = sandbox.substr(holder.size());
  if (other == id_ || !may_be_task(other) || other.find('/') != std::string::npos) return {};
  if (exists(paths_->active_task(other)) || exists(paths_->finished_task(other)) ||
      exists(paths_->checkpoint_dir(other))) {
    return {};
  }
  struct stat info {};
  const bool directory = ::lstat(sandbox.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  const Microseconds changed = static_cast<Microseconds>(info.st_mtim.tv_sec) * kSecond;
  return directory && read_clocks().wall - changed >= kYoung ? sandbox : std::string();
}

Result<bool> TaskRemoval::put_away_part(PlacesInUse& in_use) {
  const AsUser self(owner_);
  if (!self.holds()) return cannot_act_as(owner_);
  in_use.refresh();
  if (!places_) plan(in_use);
  if (logs_ && !logs_->done()) {
    logs_->step();
    return false;
  }
  for (const std::string& directory : {places_->sandbox, places_->logs, sandbox_of_another()}) {
    if (directory.empty() || in_use.uses(directory)) continue;
    if (Status put = put_away_directory(directory); !put) return put.error();
    changed_.insert(directory.substr(0, directory.rfind('/')));
  }
  return true;
}

Status TaskRemoval::put_away(PlacesInUse& in_use) {
  while (true) {
    const auto all = put_away_part(in_use);
    if (!all) return all.error();
    if (*all) return Done{};
  }
}

Status TaskRemoval::finish() {
  const AsUser self(owner_);
  if (!self.holds()) return cannot_act_as(owner_);
  // A power cut must not bring back directories to which no record refers any more.
  for (const std::string& holder : changed_) {
    Status synced = sync_directory(holder);
    if (!synced && synced.error().code != ErrorCode::NotFound) return synced;
  }
  // An empty stream is locked, too, and lock_stream() accepts an empty file as long as it has a
  // name. So its name is removed before the directory is renamed.
  if (empty_) ::unlink(paths_->runner_stream(id_).c_str());
  return put_away_directory(places_->checkpoints);
}

// ---- what is left over -------------------------------------------------------------------------

std::vector<std::string> left_over_tasks(const Paths& paths) {
  std::vector<std::string> left;
  const auto owner = owner_of_root(paths);
  if (!owner) return left;
  const AsUser self(*owner);
  if (!self.holds()) return left;
  // The checkpoints are listed before the task files are looked up, so that a task that is created
  // meanwhile is in both or in neither.
  for (std::string& id : list_directory(paths.checkpoints_dir())) {
    if (!may_be_task(id) || exists(paths.active_task(id)) || exists(paths.finished_task(id))) {
      continue;
    }
    struct stat info {};
    if (::lstat(paths.checkpoint_dir(id).c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) continue;
    left.push_back(std::move(id));
  }
  return left;
}

Status clear_id(const Paths& paths, const std::string& task_id, const std::string& named_sandbox) {
  if (exists(paths.active_task(task_id)) || exists(paths.finished_task(task_id)) ||
      (!exists(paths.runner_stream(task_id)) && !exists(removed_task(paths, task_id)))) {
    return Done{};
  }
  auto removal = TaskRemoval::begin(paths, task_id, false);
  // The next leader reports the reason.
  if (!removal || removal->whole()) return Done{};
  const bool decided = is_decided(paths, task_id);
  const bool ended = removal->history() && is_terminal(removal->history()->state());
  if (!decided && !ended) return Done{};
  PlacesInUse others(paths);
  if (!named_sandbox.empty()) others.add(named_sandbox);
  const Status done = removal->put_away(others);
  return done ? removal->finish() : done;
}

std::vector<TreeRemoval> put_away_trees(const Paths& paths) {
  std::vector<TreeRemoval> trees;
  const auto owner = owner_of_root(paths);
  if (!owner) return trees;
  const AsUser self(*owner);
  if (!self.holds()) return trees;
  for (const char* holder : kHolders) {
    const std::string place = paths.root() + "/" + holder;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(place.c_str()), ::closedir);
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
      if (!std::string_view(entry->d_name).starts_with(kPutAway)) continue;
      trees.emplace_back(place, entry->d_name);
    }
  }
  return trees;
}

}  // namespace thermos
