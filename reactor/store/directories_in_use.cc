#include "reactor/store/directories_in_use.h"

#include <sys/stat.h>

#include <utility>

#include "capnp/codec.h"
#include "core/record/taken_successes.h"
#include "reactor/os/clocks.h"
#include "reactor/os/files.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

// Bytes that are first read of a stream. The header is longer only if it has thousands of ports.
constexpr std::size_t kRoom = 4096;

// A directory's mtime has the resolution of the kernel's clock: a change in the same tick as our
// reading does not change the mtime.
constexpr Microseconds kSettled = kSecond / 10;

bool is_settled(const timespec& changed) {
  const Microseconds at =
      static_cast<Microseconds>(changed.tv_sec) * kSecond + changed.tv_nsec / 1000;
  return read_clocks().wall - at > kSettled;
}

}  // namespace

void PlacesInUse::put(const std::string& id, const RunnerHeader* header,
                      std::vector<std::string> from) {
  forget(id);
  Task& task = tasks_[id];
  task.from = std::move(from);
  std::erase(task.from, id);
  for (const std::string& other : task.from) takers_[other].insert(id);
  if (header == nullptr) return;
  const std::string sandbox = paths_.default_sandbox(id);
  for (const std::string& place : {header->sandbox, header->log_dir}) {
    // Most tasks use their own directories, which the removal of another task does not touch.
    const bool in_its_own = place == sandbox || place.starts_with(sandbox + "/");
    if (in_its_own || place == paths_.default_log_dir(id)) continue;
    task.places.push_back(place);
    ++places_[place];
  }
}

bool PlacesInUse::add(const std::string& id, const History* history) {
  if (history != nullptr && history->header()) {
    put(id, &*history->header(), tasks_taken_over(*history));
    return true;
  }
  const auto header = read_header(paths_, id);
  std::vector<std::string> from;
  if (header && !header->continues.empty()) {
    const auto stream = read_runner_stream(paths_.runner_stream(id));
    // If the rest of the stream is damaged, it may still name the task in the header.
    from = stream ? tasks_taken_over(stream->history) : std::vector{header->continues};
  }
  put(id, header ? &*header : nullptr, std::move(from));
  return header.has_value();
}

void PlacesInUse::forget(const std::string& id) {
  const auto known = tasks_.find(id);
  if (known == tasks_.end()) return;
  for (const std::string& place : known->second.places) {
    const auto used = places_.find(place);
    if (--used->second == 0) places_.erase(used);
  }
  for (const std::string& other : known->second.from) {
    const auto takers = takers_.find(other);
    takers->second.erase(id);
    if (takers->second.empty()) takers_.erase(takers);
  }
  tasks_.erase(known);
}

// Adds an active task and returns whether its header is known. The header is written a moment after
// the task's file, except for a task that takes over from another one, whose header is written
// first.
bool PlacesInUse::add_active(const std::string& id) {
  bool read = add(id, nullptr);
  if (!read && ask_header) {
    if (const auto header = ask_header(id)) {
      put(id, &*header, {});
      read = true;
    }
  }
  tasks_[id].active = true;
  return read;
}

void PlacesInUse::refresh() {
  for (const std::string& id : std::exchange(unread_, {})) {
    if (exists(paths_.active_task(id)) && !add_active(id)) unread_.insert(id);
  }
  struct stat info {};
  if (::stat(paths_.active_dir().c_str(), &info) != 0) info.st_mtim = {};
  if (info.st_mtim.tv_sec == changed_.tv_sec && info.st_mtim.tv_nsec == changed_.tv_nsec &&
      changed_.tv_sec != 0) {
    return;
  }
  const timespec changed = info.st_mtim;
  const bool settled = is_settled(changed);
  // Active tasks are listed first, so that a task that ends between the two listings is seen twice,
  // and not never. A task that began and ended since the last call is only in the second listing.
  for (const std::string& id : list_directory(paths_.active_dir())) {
    if (!may_be_task(id)) continue;
    const auto known = tasks_.find(id);
    if (known != tasks_.end() && known->second.active) continue;
    if (!add_active(id)) unread_.insert(id);
  }
  for (const std::string& id : list_directory(paths_.finished_dir())) {
    if (may_be_task(id) && !knows(id)) add(id, nullptr);
  }
  changed_ = settled ? changed : timespec{};
}

bool PlacesInUse::uses(const std::string& directory) const {
  if (places_.contains(directory)) return true;
  const auto below = places_.lower_bound(directory + "/");
  return below != places_.end() && below->first.starts_with(directory + "/");
}

std::optional<RunnerHeader> read_header(const Paths& paths, const std::string& task_id) {
  const std::string path = paths.runner_stream(task_id);
  const auto stream = open_stream(path);
  if (!stream) return std::nullopt;
  StreamPosition position;
  std::optional<RunnerHeader> header;
  Record record = ProcessStatus();
  const auto end = read_part(stream->get(), path, position, kRoom, [&](Bytes payload) -> Status {
    if (header) return Done{};
    if (auto decoded = decode(payload, record); !decoded) return decoded;
    if (const auto* first = std::get_if<RunnerHeader>(&record)) header = *first;
    return Done{};
  });
  return header;
}

}  // namespace thermos
