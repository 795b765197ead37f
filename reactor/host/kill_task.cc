#include "reactor/host/kill_task.h"

#include <csignal>
#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/config/load.h"
#include "reactor/host/foreground.h"
#include "reactor/host/leader_client.h"
#include "reactor/host/leadership_watch.h"
#include "reactor/os/clocks.h"
#include "reactor/os/files.h"
#include "reactor/os/identity.h"
#include "reactor/os/lock_holder.h"
#include "reactor/os/pidfd.h"
#include "reactor/store/coordinator_streams.h"
#include "reactor/store/file_owner_check.h"
#include "reactor/store/stream_reader.h"
#include "reactor/store/stream_writer.h"
#include "reactor/store/task_store.h"

namespace thermos {
namespace {

// The time limit for a leader to confirm a request, and for a process that holds the lock to have
// no socket, because it is just taking or giving up the lead. The kernel can't tell that a leader
// will never answer: a stopped or hanging process looks like one that is about to answer. So this
// wait has an end, which is far beyond what a leader needs and short for a person at a terminal.
constexpr Microseconds kKillPatience = 3 * kSecond;

// Goes by the program file of the process, not by its arguments, which may be anything.
bool is_one_task_leader(pid_t pid) {
  const std::string program = program_of(pid);
  return program == "thermos" || program == "thermos (deleted)";  // an upgrade replaced the file
}

class TaskKill {
 public:
  TaskKill(const Paths& paths, const std::string& task_id, const KillRequest& request,
           TaskObserver& observer)
      : paths_(paths),
        task_id_(task_id),
        request_(request),
        observer_(observer),
        active_(paths.active_task(task_id)),
        stream_(paths.runner_stream(task_id)),
        change_(paths, task_id) {}

  Result<TaskState> carry_out();

 private:
  // Each function is a step. It returns the final result, or nothing if the leader is to be looked
  // for again.
  using Step = std::optional<Result<TaskState>>;

  Step step();
  Result<TaskState> look_up_end() const;
  // Waits for a leader that can't be asked now. Returns true if something happened before its time
  // limit; then the task is looked at again.
  bool outwait(const std::optional<Identity>& leader);
  std::optional<Error> remove_leader(const Identity& leader, LeaderReply reply) const;
  // Checks that the task's files, by which we would lead it, belong to us or to the task's user.
  Status check_own(const Result<RunnerStream>& stream) const;
  Step lead();
  Step remove_unbegun();
  // Called when an attempt to take the lead failed: decides whether to try again.
  Step not_led(const Error& why);

  const Paths& paths_;
  const std::string& task_id_;
  const KillRequest& request_;
  TaskObserver& observer_;
  std::string active_;
  std::string stream_;
  LeadershipWatch change_;
  // The process that was last found to hold the lock without answering, and until when (boot time)
  // it may do so.
  std::optional<Identity> awaited_;
  std::optional<Microseconds> awaited_until_;
  // Another process had the lead when we tried to take it. It may be invisible to us
  // (lock_holder.h).
  bool outrun_ = false;
};

Result<TaskState> TaskKill::carry_out() {
  for (;;) {
    if (auto ended = step()) return std::move(*ended);
  }
}

TaskKill::Step TaskKill::step() {
  if (!exists(active_)) return look_up_end();
  const auto answer = ask_leader(paths_.checkpoint_dir(task_id_), request_, kKillPatience);
  if (!answer) return answer.error();
  if (answer->reply == LeaderReply::Ended) return answer->state;
  if (const auto leader = lock_holder(stream_)) {
    if (answer->reply != LeaderReply::Silent && outwait(leader)) return std::nullopt;
    // The leader must not be killed if we may not take over its task.
    if (auto own = check_own(read_runner_stream(stream_)); !own) return own.error();
    if (auto stays = remove_leader(*leader, answer->reply)) return std::move(*stays);
  } else if (outrun_ && outwait(std::nullopt)) {
    outrun_ = false;
    return std::nullopt;
  }
  return lead();
}

// The task has ended meanwhile, or never existed.
Result<TaskState> TaskKill::look_up_end() const {
  if (!exists(paths_.finished_task(task_id_))) {
    return Error{ErrorCode::NotFound, "no active task " + task_id_};
  }
  auto stream = read_runner_stream(stream_);
  if (!stream) return stream.error();
  return stream->history.state();
}

bool TaskKill::outwait(const std::optional<Identity>& leader) {
  if (!awaited_until_ || awaited_ != leader) {
    awaited_ = leader;
    awaited_until_ = read_clocks().boot + kKillPatience;
  }
  return change_.wait(leader, *awaited_until_);
}

std::optional<Error> TaskKill::remove_leader(const Identity& leader, LeaderReply reply) const {
  const bool hung_up = reply == LeaderReply::HungUp;
  if (!is_one_task_leader(leader.pid)) {
    return Error{
        ErrorCode::Busy,
        "the leader of task " + task_id_ + ", " + name_lock_holder(stream_) +
            (hung_up ? ", hangs up without an answer, and leads more than this task: if it "
                       "is of an earlier version of thermos, restart it"
                     : ", does not answer, and leads more than this task")};
  }
  spdlog::warn("the leader of task {} (pid {}) {}: killing it and taking over", task_id_,
               leader.pid, hung_up ? "hangs up without an answer" : "does not answer");
  const auto pidfd = open_pidfd(leader);
  if (pidfd && send_signal(*pidfd, SIGKILL)) wait_for_death(*pidfd);
  return std::nullopt;
}

Status TaskKill::check_own(const Result<RunnerStream>& stream) const {
  const bool begun = stream && stream->history.header();
  return check_own_files(paths_, {task_id_, TaskDirectory::Active},
                         begun ? stream->history.header()->user : std::string());
}

TaskKill::Step TaskKill::lead() {
  auto text = read_file(active_);
  if (!text) return exists(active_) ? Step(text.error()) : std::nullopt;
  if (active_task_is_blank(paths_, task_id_)) return blank_task(paths_, task_id_);
  const auto stream = read_runner_stream(stream_);
  const bool begun =
      stream ? stream->history.header().has_value() : stream.error().code != ErrorCode::NotFound;
  if (!begun) return remove_unbegun();
  if (auto own = check_own(stream); !own) return own.error();
  auto task = config::load_bound(*text, active_);
  if (!task) return task.error();
  TaskSetup setup{paths_, std::make_shared<const TaskConfig>(std::move(*task)), {}};
  setup.header.task_id = task_id_;  // the rest is in the stream
  auto ended = run_in_foreground(setup, SyncMode::Power, observer_, Yielding{}, request_);
  if (ended) return ended;
  // Another process killed the task and led it to its end.
  if (!exists(active_)) return std::nullopt;
  return not_led(ended.error());
}

TaskKill::Step TaskKill::not_led(const Error& why) {
  if (why.code != ErrorCode::Busy) return why;
  if (std::exchange(outrun_, true)) return why;
  // Our own attempt closed the stream, too, and that event must not end the next wait.
  change_.forget();
  return std::nullopt;
}

// The process that created the task died before it recorded where the task is to run. So no process
// of the task can run, and there is nothing to end.
TaskKill::Step TaskKill::remove_unbegun() {
  if (auto made = make_task_directories(paths_, task_id_); !made) return made.error();
  const auto lock = StreamWriter::open_patiently(stream_);
  if (!lock) return not_led(lock.error());
  const auto stream = read_runner_stream(lock->fd(), stream_);
  if (!stream) return stream.error();
  // Another process was faster.
  if (stream->history.header() || !exists(active_)) return std::nullopt;
  if (const auto ran = coordinator_streams(paths_, task_id_); !ran.empty()) {
    return Error{ErrorCode::NotFound,
                 "nothing tells where task " + task_id_ + " runs, and " + ran.front().path +
                     " says that it ran; give its CONFIG to `thermos run --task-id " + task_id_ +
                     "`, and kill it then"};
  }
  drop_active_task(paths_, task_id_);
  if (auto synced = sync_directory(paths_.active_dir()); !synced) return synced.error();
  spdlog::warn("task {} was never begun; what was made of it is removed", task_id_);
  return TaskState::Killed;
}

}  // namespace

Result<TaskState> kill_task(const Paths& paths, const std::string& task_id,
                            const KillRequest& request, TaskObserver& observer) {
  return TaskKill(paths, task_id, request, observer).carry_out();
}

}  // namespace thermos
