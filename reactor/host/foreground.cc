#include "reactor/host/foreground.h"

#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/config/load.h"
#include "reactor/host/leader_client.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_host.h"
#include "reactor/os/files.h"
#include "reactor/os/identity.h"
#include "reactor/os/lock_holder.h"

namespace thermos {
namespace {

// How long a leader may take to say that it has heard.
constexpr Microseconds kPatience = 3 * kSecond;
// How often, and how soon, a kill that finds the lock held and nobody listening looks again.
constexpr int kTries = 50;
constexpr Microseconds kTryAgain = kSecond / 20;

// Leads the task until it ends. `kill`: ask for this at once.
Result<TaskState> lead_to_the_end(TaskSetup place, SyncMode sync, TaskObserver& observer,
                                  const std::optional<KillRequest>& kill) {
  place.alone = true;
  auto reactor = Reactor::make();
  if (!reactor) return reactor.error();
  Loop& loop = (*reactor)->loop();
  std::optional<Result<TaskState>> result;
  auto host = TaskHost::lead(**reactor, place, sync, observer, [&](const Result<TaskState>& end) {
    result = end;
    loop.stop();
  });
  if (!host) return host.error();
  if (kill) (*host)->kill(*kill);

  bool asked = false;
  const auto interrupted = [&](const char* name) {
    KillRequest request;
    if (asked) request.wait = 0;
    request.reason = name;
    (*host)->kill(request);
    asked = true;
  };
  const SignalWatch interrupt(loop, SIGINT, [&] { interrupted("SIGINT"); });
  const SignalWatch terminate(loop, SIGTERM, [&] { interrupted("SIGTERM"); });
  while (!result) loop.run();
  return *result;
}

std::string command_of(pid_t pid) {
  auto text = read_file("/proc/" + std::to_string(pid) + "/cmdline");
  if (!text) return {};
  for (char& c : *text) {
    if (c == '\0') c = ' ';
  }
  while (!text->empty() && text->back() == ' ') text->pop_back();
  constexpr std::size_t kLongest = 80;
  if (text->size() > kLongest) text->replace(kLongest, std::string::npos, "...");
  return *text;
}

// By the file that it runs, not by its words: those may be anything.
bool is_one_task_leader(pid_t pid) {
  const std::string program = program_of(pid);
  return program == "thermos" || program == "thermos (deleted)";  // an upgrade took its place
}

Error stuck_leader(const Paths& paths, const std::string& task_id) {
  return {ErrorCode::Busy, "the leader of task " + task_id + ", " + name_leader(paths, task_id) +
                               ", does not answer, and leads more than this task"};
}

}  // namespace

std::string name_leader(const Paths& paths, const std::string& task_id) {
  const auto leader = lock_holder(paths.runner_stream(task_id));
  if (!leader) return {};
  const std::string command = command_of(leader->pid);
  return "pid " + std::to_string(leader->pid) + (command.empty() ? "" : " (" + command + ")");
}

Result<TaskState> run_in_foreground(const TaskSetup& place, SyncMode sync, TaskObserver& observer) {
  return lead_to_the_end(place, sync, observer, std::nullopt);
}

Result<TaskState> kill_task(const Paths& paths, const std::string& task_id,
                            const KillRequest& request, TaskObserver& observer) {
  const std::string active = paths.active_task(task_id);
  for (int tries = 0;; ++tries) {
    if (!exists(active)) {
      if (!exists(paths.finished_task(task_id))) {
        return Error{ErrorCode::NotFound, "no active task " + task_id};
      }
      auto stream = read_runner_stream(paths.runner_stream(task_id));  // it ended meanwhile
      if (!stream) return stream.error();
      return stream->history.state();
    }
    auto answer = ask_leader(paths.checkpoint_dir(task_id), request, kPatience);
    if (!answer) return answer.error();
    if (answer->asked == LeaderReply::Ended) return answer->state;
    const auto leader = lock_holder(paths.runner_stream(task_id));
    // A leader on its way in or out holds the lock and has no socket for a moment, not for longer.
    const bool stuck = answer->asked == LeaderReply::Silent || tries >= kTries;
    if (leader && stuck) {
      if (!is_one_task_leader(leader->pid)) return stuck_leader(paths, task_id);
      spdlog::warn("the leader of task {} (pid {}) does not answer: killing it and taking over",
                   task_id, leader->pid);
      const auto pidfd = open_pidfd(*leader);
      if (pidfd && send_signal(*pidfd, SIGKILL)) wait_for_death(*pidfd);
    } else if (leader) {
      std::this_thread::sleep_for(std::chrono::microseconds(kTryAgain));
      continue;
    }

    auto text = read_file(active);
    if (!text) {
      // It ended meanwhile; or it is there and can't be read, now or ever.
      if (text.error().code == ErrorCode::NotFound && tries < kTries) continue;
      return text.error();
    }
    TaskSetup place{paths, {}, {}};
    auto task = config::load_bound(*text, active);
    if (!task) return task.error();
    place.task = std::move(*task);
    place.header.task_id = task_id;  // the rest is in the stream
    auto ended = lead_to_the_end(place, SyncMode::Power, observer, request);
    if (ended) return ended;
    // Others who kill it may have led it, and to its end.
    const bool others = ended.error().code == ErrorCode::Busy && tries <= kTries;
    if (!others && exists(active)) return ended;
  }
}

}  // namespace thermos
