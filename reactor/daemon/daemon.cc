#include "reactor/daemon/daemon.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/config/load.h"
#include "reactor/daemon/hosted_task.h"
#include "reactor/os/files.h"
#include "reactor/store/stream_lock.h"
#include "reactor/store/task_store.h"

namespace thermos {
namespace {

// Between two tries at a task that the machine had no room for.
constexpr Microseconds kTryAgain = 10 * kSecond;
// Between two tries at one whose lock is only being asked about: it doubles, up to the longest.
constexpr Microseconds kMoment = kSecond / 1000;
constexpr Microseconds kLongestMoment = kSecond;
// So long it is nothing to speak of: about a second.
constexpr int kQuietTries = 10;

}  // namespace

// ---- one task ----------------------------------------------------------------------------------

void Daemon::Hosted::on_record(const Record& record, const History& /*history*/) {
  const auto* status = std::get_if<ProcessStatus>(&record);
  if (status == nullptr || !is_terminal(status->state)) return;
  for (OrderWait& wait : waits_) {
    if (wait.process == status->process && wait.run == status->run) wait.over = true;
  }
}

void Daemon::Hosted::notify_durable() {
  if (const auto made = std::exchange(made_, nullptr)) made(Done{});
  if (waits_.empty()) return;
  const auto over = std::stable_partition(waits_.begin(), waits_.end(),
                                          [](const OrderWait& wait) { return !wait.over; });
  std::vector<OrderWait> told(std::make_move_iterator(over), std::make_move_iterator(waits_.end()));
  waits_.erase(over, waits_.end());
  for (const OrderWait& wait : told) wait.done(Done{});
}

void Daemon::Hosted::notify_closed(const Status& why) {
  // Its first record may be what could not be written: then nobody may take it for accepted.
  if (const auto made = std::exchange(made_, nullptr)) made(why);
  notify_durable();
  for (const OrderWait& wait : std::exchange(waits_, {})) wait.done(why);
}

void Daemon::Hosted::when_over(std::string process, std::optional<std::uint32_t> run,
                               std::function<void(const Status&)> done) {
  waits_.push_back({std::move(process), run.value_or(0), !run, std::move(done)});
  daemon_.reactor_.mark_dirty(host_.get());
}

// ---- all of them -------------------------------------------------------------------------------

Daemon::Daemon(Reactor& reactor, Paths paths, Settings settings)
    : reactor_(reactor),
      paths_(std::move(paths)),
      settings_(std::move(settings)),
      events_(paths_.root() + "/position"),
      summaries_(paths_),
      index_(paths_, reactor.inotify()) {
  // What was known of that id is of a task that is gone.
  index_.on_new_life = [this](const std::string& id) { summaries_.forget(id); };
  reactor_.after_turn = [this] { publish(); };
}

Daemon::~Daemon() {
  reactor_.after_turn = nullptr;
}

// When the turn is over its records last, and only then are they told, of all tasks in one order: a
// client that has seen a position has seen all before it.
void Daemon::publish() {
  over_.clear();
  std::set<std::uint32_t> owners;
  for (OwnedEvent& event : std::exchange(fresh_, {})) {
    owners.insert(event.owner);
    events_.add(std::move(event));
  }
  told_ = events_.last_position();
  if (!owners.empty() && on_events) on_events(owners);
  for (const auto& call : std::exchange(at_turn_end_, {})) call();
}

void Daemon::at_turn_end(std::function<void()> call) {
  at_turn_end_.push_back(std::move(call));
}

Result<Daemon::Hosted*> Daemon::host(const TaskSetup& place, std::uint32_t owner) {
  const std::string id = place.header.task_id;
  auto hosted = std::make_unique<Hosted>(*this, id, owner);
  Hosted* const task = hosted.get();
  auto led = TaskHost::lead(reactor_, place, settings_.sync, *task,
                            [this, task](const Result<TaskState>& result) { ended(task, result); });
  if (!led) return led.error();
  task->set_host(std::move(*led));
  tasks_.emplace(id, std::move(hosted));
  index_.added(id);
  ++owned_[owner];
  left_.erase(id);
  if (on_change) on_change();
  return task;
}

void Daemon::leave(const std::string& id, const Error& why) {
  std::string& said = left_[id];
  if (said != why.message) spdlog::error("task {} is left as it is: {}", id, why.message);
  said = why.message;
}

// What the machine refused it may grant later: descriptors, room on a disk. Not for a task whose
// stream failed under us: that is for the next start.
void Daemon::leave_for_now(const std::string& id, const Error& why) {
  leave(id, why);
  if (why.code != ErrorCode::System) return;
  reactor_.deadlines().add(reactor_.loop().now().boot + kTryAgain, [this, id] {
    if (left_.contains(id) && !tasks_.contains(id)) resume(id);
  });
}

// Whether a task could not be led because of nobody who leads it: asking about a lock takes it for
// a moment. (Or its leader let go in this moment.)
bool Daemon::only_asked_about(const std::string& id, const Error& why) const {
  if (why.code != ErrorCode::Busy) return false;
  const auto held = stream_is_locked(paths_.runner_stream(id));
  return held && !*held;
}

// By a timer, as the kernel has no event for a flock() that comes free: it only wakes who blocks in
// it, and on this loop that would hold up all other tasks.
void Daemon::in_a_moment(int tries, std::function<void()> call) {
  const Microseconds wait = std::min(kMoment << std::min(tries, 16), kLongestMoment);
  reactor_.deadlines().add(reactor_.loop().now().boot + wait, std::move(call));
}

void Daemon::resume_all() {
  close_task_directories(paths_);
  // Also so that they can be watched.
  for (const char* directory : {"tasks/active", "tasks/finished"}) {
    if (auto made = make_task_directory(paths_, directory); !made)
      spdlog::error("{}", made.error().message);
  }
  std::uint64_t highest = 0;
  const std::vector<std::string> active = list_directory(paths_.active_dir());
  for (const std::string& id : active)
    highest = std::max(highest, summaries_.look(id).last_position);
  events_.start_after(highest, reactor_.loop().now());
  told_ = events_.last_position();
  for (const std::string& id : active) resume(id);
  if (const ProcessGroups* groups = reactor_.groups()) {
    groups->clear_all_but({active.begin(), active.end()});
  }
}

namespace {

// Whose the files of a task are, if not ours: whoever can write them could have us run anything, as
// anyone.
std::string foreign_file(const Paths& paths, const std::string& id) {
  for (const std::string& path :
       {paths.active_task(id), paths.checkpoint_dir(id), paths.runner_stream(id)}) {
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0 || info.st_uid == geteuid()) continue;
    return path + " belongs to uid " + std::to_string(info.st_uid);
  }
  return {};
}

}  // namespace

void Daemon::resume(const std::string& id, int tries) {
  if (const std::string foreign = foreign_file(paths_, id); !foreign.empty()) {
    leave(id, {ErrorCode::NotPermitted,
               foreign + ", and this daemon runs as uid " + std::to_string(geteuid())});
    return;
  }
  const std::string path = paths_.active_task(id);
  auto text = read_file(path);
  auto task = text ? config::load_bound(*text, path) : Result<TaskConfig>(text.error());
  if (!task) {
    leave_for_now(id, task.error());
    return;
  }
  // Whoever made it died right then, and told nobody that it was made.
  if (!was_begun(id)) {
    leave(id, {ErrorCode::Corrupt,
               "it was never begun, and nothing says where it was to run; submit it again under "
               "this id, or remove " +
                   path});
    return;
  }
  const TaskSummary past = summaries_.look(id);
  if (geteuid() != 0 && past.begun && past.owner != geteuid()) {
    leave(id, {ErrorCode::NotPermitted,
               "it runs as uid " + std::to_string(past.owner) + ", which only root may do"});
    return;
  }
  TaskSetup place{paths_, std::move(*task), {}};
  place.header.task_id = id;
  auto led = host(place, past.owner);
  if (led) {
    spdlog::info("task {} goes on", id);
  } else if (only_asked_about(id, led.error())) {
    if (tries >= kQuietTries) leave(id, led.error());
    in_a_moment(tries, [this, id, tries] {
      if (!tasks_.contains(id)) resume(id, tries + 1);
    });
  } else {
    leave_for_now(id, led.error());
  }
}

// Of an active task. One whose stream can't be read may have been.
bool Daemon::was_begun(const std::string& task_id) {
  const TaskSummary& past = summaries_.look(task_id);
  return past.begun || (!past.readable && exists(paths_.runner_stream(task_id)));
}

void Daemon::remember(Hosted& task, TaskState state) {
  index_.finished(task.id());
  TaskSummary past;
  past.readable = true;
  past.begun = true;
  past.owner = task.owner();
  past.state = state;
  past.first_position = task.first_position();
  past.last_position = events_.last_position();
  summaries_.learn(task.id(), std::move(past));
}

void Daemon::ended(Hosted* task, const Result<TaskState>& result) {
  const std::string id = task->id();
  if (result) {
    spdlog::info("task {} ended {}", id, name_of(*result));
    remember(*task, *result);
    task->notify_closed(Done{});
  } else {
    leave(id, result.error());
    task->notify_closed(result.error());
  }
  // Its host is calling us: it may not go before it has returned.
  const auto it = tasks_.find(id);
  if (--owned_[task->owner()] == 0) owned_.erase(task->owner());
  over_.push_back(std::move(it->second));
  tasks_.erase(it);
  const std::string state(result ? name_of(*result) : std::string_view("?"));
  if (const auto waiting = waiting_.find(id); waiting != waiting_.end()) {
    const auto calls = std::move(waiting->second);
    waiting_.erase(waiting);
    for (const auto& [key, call] : calls) call(state);
  }
  if (on_change) on_change();
  finish_draining();
}

}  // namespace thermos
