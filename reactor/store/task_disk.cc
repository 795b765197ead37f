#include "reactor/store/task_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "reactor/store/log_directory.h"
#include "reactor/store/run_logs.h"
#include "reactor/store/task_import.h"
#include "reactor/store/task_removal.h"

namespace thermos {

TaskDiskUse::TaskDiskUse(const Paths& paths, const std::string& task_id, const History* history) {
  const TaskPlaces places = places_of(paths, task_id, history);
  count(Part::Stream, places.checkpoints);
  if (!places.sandbox.empty()) {
    found_.sandbox = 0;
    count(Part::Sandbox, places.sandbox);
  }
  if (!places.logs.empty()) {
    count(Part::Logs, places.logs);
    return;
  }
  if (history == nullptr || !history->header() || was_imported(*history)) return;
  const RunnerHeader& header = *history->header();
  struct stat info {};
  const bool known = ::stat(places.checkpoints.c_str(), &info) == 0;
  const FileOwner owner = log_reader_of(header, known ? info.st_uid : ::geteuid());
  Descriptor logs;
  if (enter_run_logs(header, owner, "", std::nullopt, logs)) return;
  logs_in_sandbox_ = !places.logs_elsewhere;
  parts_.push_back({Part::Logs, DiskUse(std::move(logs), "."), owner});
}

void TaskDiskUse::count(Part part, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  Descriptor above(::open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  parts_.push_back({part, DiskUse(std::move(above), path.substr(slash + 1)), {}});
}

void TaskDiskUse::step() {
  Counting& counting = parts_[next_];
  {
    const AsUser self(counting.owner);
    counting.use.step();
  }
  if (!counting.use.done()) return;
  ++next_;
  const std::uint64_t bytes = counting.use.bytes();
  if (counting.part == Part::Stream) found_.stream = bytes;
  if (counting.part == Part::Sandbox) found_.sandbox = bytes;
  if (counting.part != Part::Logs) return;
  found_.logs = bytes;
  if (logs_in_sandbox_) found_.sandbox = *found_.sandbox - std::min(*found_.sandbox, bytes);
}

TaskDisk disk_of_task(const Paths& paths, const std::string& task_id, const History* history) {
  TaskDiskUse use(paths, task_id, history);
  while (!use.done()) use.step();
  return use.found();
}

}  // namespace thermos
