#include "reactor/daemon/task_resumption.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "core/config/load.h"
#include "core/task/check_task.h"
#include "reactor/daemon/lock_retry.h"
#include "reactor/os/files.h"
#include "reactor/store/file_owner_check.h"
#include "reactor/store/task_store.h"

namespace thermos {
namespace {

// The time between two attempts to resume a task for which the machine had no resources, or to list
// the tasks. No event reports that descriptors or disk space are free again.
constexpr Microseconds kResumeAgain = 10 * kSecond;
// The number of tries (about a second) before a lock that other processes only test is reported.
constexpr int kQuietTries = 10;

// Fails where list_directory() would return an empty list, because the processes of a task that is
// missing from the list would be killed.
Result<std::vector<std::string>> list_active(const std::string& directory) {
  std::vector<std::string> ids;
  std::error_code failure;
  std::filesystem::directory_iterator it(directory, failure);
  for (const std::filesystem::directory_iterator end; !failure && it != end;
       it.increment(failure)) {
    std::string name = it->path().filename().string();
    if (!name.starts_with('.')) ids.push_back(std::move(name));
  }
  if (failure) return Error{ErrorCode::System, directory + ": " + failure.message()};
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

void TaskResumption::resume_all() {
  close_task_directories(paths_);
  // Creates the directories, so that they can be watched, too.
  for (const char* directory : {"tasks/active", "tasks/finished"}) {
    if (auto made = make_task_directory(paths_, directory); !made)
      spdlog::error("{}", made.error().message);
  }
  resume_listed();
}

void TaskResumption::resume_listed() {
  std::uint64_t highest = 0;
  const auto listed = list_active(paths_.active_dir());
  if (!listed && !std::exchange(unlisted_, true)) {
    spdlog::error("{}; what runs goes on, and the tasks are resumed when they can be listed",
                  listed.error().message);
  }
  const std::vector<std::string> active = listed ? *listed : std::vector<std::string>();
  std::vector<std::pair<Microseconds, std::string>> by_launch;
  for (const std::string& id : active) {
    if (tasks_.find(id) != nullptr) continue;  // submitted meanwhile
    const TaskSummary& past = summaries_.look(id);
    highest = std::max(highest, past.last_position);
    by_launch.emplace_back(past.launch_time, id);
  }
  std::sort(by_launch.begin(), by_launch.end());
  if (!std::exchange(begun_, true)) events_.start_after(highest, reactor_.loop().now());
  if (!listed) {
    reactor_.deadlines().add(reactor_.loop().now().boot + kResumeAgain,
                             [this] { resume_listed(); });
    return;
  }
  pools_.close();
  closed_ = true;
  for (const auto& [launch, id] : by_launch) resume(id);
  open_pools();
  if (const ControlGroups* groups = reactor_.groups()) {
    groups->clear_all_but({active.begin(), active.end()});
  }
}

void TaskResumption::open_pools() {
  if (!awaited_.empty() || !std::exchange(closed_, false)) return;
  pools_.open();
}

// Retries the task later after an error of the machine. A task whose stream failed after it was led
// is not retried; the next start of the daemon resumes it.
void TaskResumption::leave_for_now(const std::string& task_id, const Error& why) {
  tasks_.leave(task_id, why);
  if (why.code != ErrorCode::System) return;
  reactor_.deadlines().add(reactor_.loop().now().boot + kResumeAgain, [this, task_id] {
    if (tasks_.find(task_id) == nullptr && !tasks_.why_left(task_id).empty()) resume(task_id);
  });
}

void TaskResumption::resume(const std::string& task_id, int tries) {
  if (closed_to_tasks && closed_to_tasks()) return;
  if (const std::string foreign = foreign_file(paths_, {task_id, TaskDirectory::Active});
      !foreign.empty()) {
    tasks_.leave(task_id, {ErrorCode::NotPermitted,
                           foreign + ", and this daemon runs as uid " + std::to_string(geteuid())});
    return;
  }
  const std::string path = paths_.active_task(task_id);
  auto text = read_file(path);
  auto task = text ? config::load_bound(*text, path) : Result<TaskConfig>(text.error());
  const bool begun = summaries_.was_begun(task_id);
  const bool blank = active_task_is_blank(paths_, task_id);
  if (!task && (begun || !blank)) {
    leave_for_now(task_id, blank ? blank_task(paths_, task_id) : task.error());
    return;
  }
  // The process that created the task died before it confirmed the task to anybody, or power was
  // lost.
  if (!begun) {
    tasks_.leave(task_id,
                 {ErrorCode::Corrupt,
                  "it never started, and its sandbox is not recorded; submit it again under "
                  "this id, or remove " +
                      path});
    return;
  }
  const TaskSummary past = summaries_.look(task_id);
  if (geteuid() != 0 && past.begun && past.owner != geteuid()) {
    tasks_.leave(task_id, {ErrorCode::NotPermitted, "it runs as uid " + std::to_string(past.owner) +
                                                        ", which only root may do"});
    return;
  }
  TaskSetup setup{paths_, std::make_shared<const TaskConfig>(std::move(*task)), {}};
  setup.header.task_id = task_id;
  setup.pools = &pools_;
  const Status had = check_shared_uses(*setup.task, pools_.sizes());
  auto led = tasks_.host(setup, past.owner);
  if (led) {
    spdlog::info("task {} resumed", task_id);
    if (!had) {
      spdlog::warn("task {}: {}; it waits until the daemon is started with that", task_id,
                   had.error().message);
    }
  } else if (only_asked_about(paths_, task_id, led.error()) ||
             (tries < kQuietTries && is_left_behind(paths_, task_id, led.error()))) {
    if (tries >= kQuietTries) {
      tasks_.leave(task_id, led.error());
    } else if (closed_) {
      awaited_.insert(task_id);
    }
    in_a_moment(reactor_, tries, [this, task_id, tries] {
      awaited_.erase(task_id);
      if (tasks_.find(task_id) == nullptr) resume(task_id, tries + 1);
      open_pools();
    });
  } else {
    leave_for_now(task_id, led.error());
  }
}

}  // namespace thermos
