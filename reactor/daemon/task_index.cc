#include "reactor/daemon/task_index.h"

#include <sys/inotify.h>

#include <iterator>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/os/files.h"

namespace thermos {

TaskIndex::TaskIndex(const Paths& paths, Inotify& inotify) : inotify_(inotify) {
  directories_[0].path = paths.active_dir();
  directories_[1].path = paths.finished_dir();
}

TaskIndex::~TaskIndex() {
  for (const Directory& directory : directories_) inotify_.unwatch(directory.watch);
}

void TaskIndex::finished(const std::string& id) {
  // The id is in both lists for a moment, so that it is never in none.
  refreshed(TaskDirectory::Finished).ids.insert(id);
  refreshed(TaskDirectory::Active).ids.erase(id);
  if (on_finished) on_finished();
}

void TaskIndex::removed(const std::string& id) {
  Directory& directory = refreshed(TaskDirectory::Finished);
  if (directory.ids.erase(id) > 0) say(directory, id, false);
}

TaskIndex::Directory& TaskIndex::refreshed(TaskDirectory which) {
  Directory& directory = directories_[which == TaskDirectory::Active ? 0 : 1];
  if (directory.watch < 0 && !directory.stale) {
    // If the directory is changed again within the same tick of the kernel's clock, its mtime stays
    // the same. So read() does not keep an mtime that is as young as the reading.
    struct stat info {};
    const timespec& seen = directory.changed;
    directory.stale = stat(directory.path.c_str(), &info) != 0 ||
                      info.st_mtim.tv_sec != seen.tv_sec || info.st_mtim.tv_nsec != seen.tv_nsec;
  }
  if (directory.stale) read(directory);
  return directory;
}

void TaskIndex::read(Directory& directory) {
  if (directory.watch < 0) {
    // Watches before the reading, so that a change in between is reported, even if the reading has
    // seen it.
    auto watch = inotify_.watch(directory.path,
                                {[this, &directory](std::string_view name, std::uint32_t mask) {
                                   happened(directory, name, mask);
                                 },
                                 [&directory] { directory.stale = true; }},
                                Inotify::kNames);
    if (watch) directory.watch = *watch;
  }
  struct stat before {};
  const bool there = stat(directory.path.c_str(), &before) == 0;
  Ids ids;
  for (std::string& name : list_directory(directory.path)) {
    if (may_be_task(name)) ids.insert(ids.end(), std::move(name));
  }
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  const bool settled =
      there && (before.st_mtim.tv_sec < now.tv_sec || before.st_mtim.tv_nsec < now.tv_nsec);
  directory.changed = settled ? before.st_mtim : timespec{};
  std::swap(directory.ids, ids);
  directory.stale = !there;
  // Reports the changes that no event reported.
  for (const std::string& id : ids) {
    if (!directory.ids.contains(id)) say(directory, id, false);
  }
  for (const std::string& id : directory.ids) {
    if (!ids.contains(id)) say(directory, id, true);
  }
}

void TaskIndex::say(const Directory& directory, const std::string& id, bool came) const {
  const bool active = &directory == &directories_[0];
  if (came == active && on_new_life) on_new_life(id);
  if (!came && active && on_inactive) on_inactive(id);
  if (came && !active && on_finished) on_finished();
}

void TaskIndex::happened(Directory& directory, std::string_view name, std::uint32_t mask) {
  if (name.empty()) {
    if ((mask & (IN_DELETE_SELF | IN_IGNORED)) == 0) return;
    inotify_.unwatch(std::exchange(directory.watch, -1));
    directory.stale = true;
    return;
  }
  if (!may_be_task(name)) return;
  const bool came = (mask & (IN_CREATE | IN_MOVED_TO)) != 0;
  const std::string id(name);
  const bool news = came ? directory.ids.insert(id).second : directory.ids.erase(id) > 0;
  if (news) say(directory, id, came);
}

}  // namespace thermos
