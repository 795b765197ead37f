#include "reactor/daemon/task_retention.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/os/files.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

// The time limit of work in one turn of the loop, in nanoseconds. A single step may take longer,
// such as reading a stream or syncing a decision.
constexpr std::uint64_t kRemovalTurn = 2'000'000;
// The number of decisions that are synced together.
constexpr std::size_t kTogetherSynced = 16;
// Tasks that end within this time are judged together.
constexpr Microseconds kTogether = kSecond;
// The time until a failed removal is retried. No event reports that a lock is free again, or that a
// disk can be written to.
constexpr Microseconds kRemoveAgain = 600 * kSecond;
// The longest sleep, because the wall clock may be set meanwhile.
constexpr Microseconds kLongestSleep = 24 * (3600 * kSecond);

// Whether the task's file belongs to this daemon's user. In a root to which others can write,
// another user's files are not removed.
bool is_ours(const Paths& paths, const std::string& id) {
  struct stat info {};
  return ::lstat(paths.finished_task(id).c_str(), &info) == 0 && info.st_uid == ::geteuid();
}

}  // namespace

TaskRetention::TaskRetention(Reactor& reactor, const Paths& paths, const RetentionRules& rules,
                             const HostedTasks& tasks, TaskIndex& index)
    : reactor_(reactor),
      paths_(paths),
      rules_(rules),
      tasks_(tasks),
      index_(index),
      busy_(reactor.loop(), [this] { work(); }),
      in_use_(paths) {
  in_use_.ask_header = [this](const std::string& id) {
    const HostedTask* const task = tasks_.find(id);
    return task == nullptr ? std::nullopt : std::optional(task->setup().header);
  };
}

TaskRetention::~TaskRetention() {
  if (timer_) reactor_.deadlines().cancel(*timer_);
}

void TaskRetention::begin() {
  if (stage_ != Stage::Rest) {
    begin_again_ = true;
    return;
  }
  refused_.clear();
  ignored_.clear();
  left_over_.clear();
  if (rules_.any()) left_over_ = list_directory(paths_.checkpoints_dir());
  list();
  busy_.on();
}

void TaskRetention::task_ended() {
  if (!rules_.any()) return;
  if (stage_ != Stage::Rest) {
    again_ = true;
    return;
  }
  wake_at(reactor_.loop().now().boot + kTogether);
}

// Whether the task is being removed here. Such a task is remembered, and its lock held, until its
// removal is complete.
bool TaskRetention::is_removing(const std::string& id) const {
  const auto is_it = [&](const TaskRemoval& removal) { return removal.id() == id; };
  return std::any_of(decided_.begin(), decided_.end(), is_it) ||
         std::any_of(settled_.begin(), settled_.end(), is_it) ||
         std::any_of(put_away_.begin(), put_away_.end(), is_it);
}

void TaskRetention::new_life(const std::string& id) {
  if (is_removing(id)) return;
  known_.erase(id);
  ignored_.erase(id);
  // If a task of this id is there, it is counted again.
  if (counting_ && ids_.front() == id) counting_.reset();
  // If a new task of this id is active, in_use_ has that task's places already, or will get them.
  if (!exists(paths_.active_task(id))) in_use_.forget(id);
}

// Wakes up at the earliest of all requested times.
void TaskRetention::wake_at(Microseconds boot) {
  if (timer_) {
    if (timer_->first <= boot) return;
    reactor_.deadlines().cancel(*timer_);
  }
  timer_ = reactor_.deadlines().add(boot, [this] {
    timer_.reset();
    if (stage_ != Stage::Rest) {
      again_ = true;
      return;
    }
    list();
    busy_.on();
  });
}

void TaskRetention::work() {
  const std::uint64_t until = uv_hrtime() + kRemovalTurn;
  do {
    step();
  } while (stage_ != Stage::Rest && uv_hrtime() < until);
}

void TaskRetention::step() {
  if (counting_) {
    counting_->step();
    if (!counting_->done()) return;
    known_[ids_.front()].bytes = counting_->found().total();
    counting_.reset();
    ids_.pop_front();
    return;
  }
  if (stage_ == Stage::Trees) {
    if (trees_.empty()) {
      rest();
      return;
    }
    TreeRemoval& tree = trees_.back();
    {
      const AsUser self(owner_);
      if (self.holds()) {
        tree.step();
        if (!tree.done()) return;
      }
    }
    if (tree.failure()) refuse(tree.failure()->message, *tree.failure());
    trees_.pop_back();
    return;
  }
  if (!settled_.empty()) {
    put_away();
    return;
  }
  if (!put_away_.empty()) {
    finish();
    return;
  }
  if (decided_.size() == kTogetherSynced || (ids_.empty() && !decided_.empty())) {
    settle();
    return;
  }
  if (!ids_.empty()) {
    const std::string id = ids_.front();
    if (stage_ == Stage::Look) {
      look(id);
      return;
    }
    ids_.pop_front();
    if (stage_ == Stage::Remove) {
      decide(id);
    } else if (may_be_task(id) && !index_.has(id)) {
      remove_left_over(id);
    }
    return;
  }
  if (stage_ == Stage::Look) {
    const auto left = std::exchange(left_over_, {});
    ids_.assign(left.begin(), left.end());
    stage_ = Stage::LeftOver;
  } else if (stage_ == Stage::LeftOver) {
    judge();
  } else {
    if (auto owner = owner_of_root(paths_)) {
      owner_ = std::move(*owner);
      trees_ = put_away_trees(paths_);
    }
    stage_ = Stage::Trees;
  }
}

// Forgets tasks that are gone, and lists the new ones, which are looked at next.
void TaskRetention::list() {
  stage_ = Stage::Look;
  ids_.clear();
  if (!rules_.any()) return;
  if (const auto owner = owner_of_root(paths_); !owner) {
    known_.clear();
    left_over_.clear();
    refuse(paths_.root(), owner.error());
    return;
  }
  const TaskIndex::Ids& finished = index_.on(TaskDirectory::Finished);
  std::erase_if(known_, [&](const auto& known) {
    const bool gone = !finished.contains(known.first);
    if (gone) in_use_.forget(known.first);
    return gone;
  });
  for (const std::string& id : finished) {
    if (ignored_.contains(id)) continue;
    const auto known = known_.find(id);
    if (known == known_.end() || (rules_.bytes && !known->second.bytes)) ids_.push_back(id);
  }
}

void TaskRetention::look(const std::string& id) {
  if (!index_.on(TaskDirectory::Finished).contains(id)) {
    ids_.pop_front();
    return;
  }
  auto stream = read_runner_stream(paths_.runner_stream(id));
  const bool readable = stream || stream.error().code == ErrorCode::NotFound;
  if (!readable || !is_ours(paths_, id)) {
    if (!readable) refuse(id, stream.error());
    in_use_.add(id, nullptr);
    ignored_.insert(id);
    ids_.pop_front();
    return;
  }
  const History* const history =
      stream && stream->history.header() && !stream->history.steps().empty() ? &stream->history
                                                                             : nullptr;
  in_use_.add(id, history);
  Known& known = known_[id];
  if (history != nullptr) {
    known.ended = history->steps().back().status.at.wall;
  } else {
    struct stat info {};
    ::stat(paths_.finished_task(id).c_str(), &info);
    known.ended = static_cast<Microseconds>(info.st_ctim.tv_sec) * kSecond;
  }
  if (rules_.bytes) {
    counting_ = std::make_unique<TaskDiskUse>(paths_, id, history);
  } else {
    ids_.pop_front();
  }
}

void TaskRetention::judge() {
  std::vector<EndedTask> ended;
  ended.reserve(known_.size());
  for (const auto& [id, known] : known_)
    ended.push_back({id, known.ended, known.bytes.value_or(0)});
  const Microseconds now = reactor_.loop().now().wall;
  std::vector<Retention> verdicts = judge_retention(ended, rules_, now);
  if (const auto next = next_to_go(ended, rules_, now)) {
    const Microseconds wait = std::clamp<Microseconds>(*next - now, kTogether, kLongestSleep);
    wake_at(reactor_.loop().now().boot + wait);
  }
  if (std::any_of(verdicts.begin(), verdicts.end(), goes)) in_use_.refresh();
  keep_for_takers(ended, in_use_.takers(), verdicts);
  for (const std::size_t i : removal_order(ended, in_use_.takers(), verdicts)) {
    ids_.push_back(ended[i].id);
  }
  stage_ = Stage::Remove;
}

void TaskRetention::decide(const std::string& id) {
  auto removal = TaskRemoval::begin(paths_, id, false);
  if (!removal && removal.error().code == ErrorCode::NotFound) return;
  const Status decided = removal ? removal->decide(in_use_) : Status(removal.error());
  if (!decided) {
    refuse(id, decided.error());
    return;
  }
  decided_.push_back(std::move(*removal));
  index_.removed(id);
}

void TaskRetention::settle() {
  for (TaskRemoval& removal : std::exchange(decided_, {})) {
    const Status done = removal.settle();
    if (done) {
      settled_.push_back(std::move(removal));
    } else {
      try_again(removal.id(), done.error());
    }
  }
}

// Puts away a part of one settled removal.
void TaskRetention::put_away() {
  TaskRemoval& removal = settled_.back();
  const auto all = removal.put_away_part(in_use_);
  if (all && !*all) return;
  if (all) {
    put_away_.push_back(std::move(removal));
  } else {
    try_again(removal.id(), all.error());
  }
  settled_.pop_back();
}

void TaskRetention::finish() {
  TaskRemoval& removal = put_away_.back();
  const Status done = removal.finish();
  done ? count_removed(removal.id()) : try_again(removal.id(), done.error());
  put_away_.pop_back();
}

// Notes a removal to be retried. The task's file is already gone, so list() does not find the task.
void TaskRetention::try_again(const std::string& id, const Error& why) {
  refuse(id, why);
  left_over_.push_back(id);
}

void TaskRetention::count_removed(const std::string& id) {
  ++removed_;
  const auto known = known_.find(id);
  if (known == known_.end()) return;
  freed_ += known->second.bytes.value_or(0);
  known_.erase(known);
}

// Removes a checkpoint directory without a task's file. If that fails, it may belong to a task that
// is being created, so it is only retried if its removal was decided before.
void TaskRetention::remove_left_over(const std::string& id) {
  auto removal = TaskRemoval::begin(paths_, id, false);
  if (removal && !removal->whole()) decided_.push_back(std::move(*removal));
  if (removal || removal.error().code == ErrorCode::NotFound) return;
  if (exists(removed_task(paths_, id))) try_again(id, removal.error());
}

// Logs each reason once.
void TaskRetention::refuse(const std::string& id, const Error& why) {
  failed_ = failed_ || why.code != ErrorCode::Corrupt;
  std::string& said = refused_[id];
  if (said == why.message) return;
  said = why.message;
  spdlog::warn("not removed: {}", why.message);
}

void TaskRetention::say_removed() {
  if (removed_ == 0) return;
  spdlog::info("removed {} task{} that had ended{}; {} kept", removed_, removed_ == 1 ? "" : "s",
               rules_.bytes ? ", " + std::to_string(freed_) + " bytes" : std::string(),
               known_.size());
}

void TaskRetention::rest() {
  say_removed();
  removed_ = 0;
  freed_ = 0;
  stage_ = Stage::Rest;
  busy_.off();
  if (std::exchange(failed_, false)) wake_at(reactor_.loop().now().boot + kRemoveAgain);
  if (std::exchange(begin_again_, false)) {
    begin();
    return;
  }
  if (std::exchange(again_, false)) wake_at(reactor_.loop().now().boot + kTogether);
}

}  // namespace thermos
