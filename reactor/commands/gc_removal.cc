#include "reactor/commands/gc_removal.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "reactor/os/as_user.h"
#include "reactor/os/files.h"
#include "reactor/store/directories_in_use.h"
#include "reactor/store/stream_reader.h"
#include "reactor/store/task_disk.h"
#include "reactor/store/task_list.h"
#include "reactor/store/task_removal.h"

namespace thermos {
namespace {

// Returns the time at which the task's file was moved to tasks/finished, or last changed since.
Microseconds moved_at(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return 0;
  return static_cast<Microseconds>(info.st_ctim.tv_sec) * kSecond;
}

class Collecting {
 public:
  Collecting(const Paths& paths, const MeantIds& meant, bool dry_run)
      : paths_(paths), meant_(meant), dry_run_(dry_run), in_use_(paths) {}

  Result<Collection> carry_out(const RetentionRules& rules, Microseconds now);

 private:
  void look_at(const TaskEntry& entry);
  void remove(const std::vector<CollectedTask>& tasks);
  void carry_out_or_tell(const std::vector<CollectedTask>& tasks);
  Status ask_about_left_over(const std::string& id) const;
  void remove_left_overs();
  void remove_trees();

  const Paths& paths_;
  const MeantIds& meant_;
  const bool dry_run_;
  FileOwner owner_;
  std::vector<EndedTask> ended_;
  std::map<std::string, TaskState> states_;
  PlacesInUse in_use_;
  Collection result_;
};

void Collecting::look_at(const TaskEntry& entry) {
  EndedTask task{entry.id, 0, 0};
  auto stream = read_runner_stream(paths_.runner_stream(entry.id));
  if (!stream && stream.error().code != ErrorCode::NotFound) {
    result_.left.push_back({entry.id, stream.error()});
    return;
  }
  const History* const history = stream ? &stream->history : nullptr;
  if (history != nullptr && !history->steps().empty()) {
    if (!is_terminal(history->state())) {
      result_.left.push_back(
          {entry.id,
           error_at(ErrorCode::Corrupt, paths_.finished_task(entry.id), std::nullopt,
                    "finished, and its history ends " + std::string(name_of(history->state())))});
      return;
    }
    task.ended = history->steps().back().status.at.wall;
    states_.emplace(entry.id, history->state());
  } else {
    task.ended = moved_at(paths_.finished_task(entry.id));
    states_.emplace(entry.id, TaskState::Lost);
  }
  in_use_.add(entry.id, history);
  task.bytes = disk_of_task(paths_, entry.id, history).total();
  ended_.push_back(std::move(task));
}

// Decides all removals first and syncs the decisions together.
void Collecting::remove(const std::vector<CollectedTask>& tasks) {
  std::vector<std::pair<TaskRemoval, const CollectedTask*>> decided;
  const auto leave = [this](const CollectedTask& task, const Error& why) {
    if (why.code != ErrorCode::NotFound) result_.left.push_back({task.id, why});
  };
  for (const CollectedTask& task : tasks) {
    auto removal = TaskRemoval::begin(paths_, task.id, true, meant_.by_name.contains(task.id));
    // A task may have become left-over files since, or the other way round.
    if (removal && removal->whole() != task.state.has_value()) continue;
    const Status done = removal ? removal->decide(in_use_) : Status(removal.error());
    if (done) {
      decided.emplace_back(std::move(*removal), &task);
    } else {
      leave(task, done.error());
    }
  }
  std::erase_if(decided, [&](auto& one) {
    Status done = one.first.settle();
    if (done) done = one.first.put_away(in_use_);
    if (!done) leave(*one.second, done.error());
    return !done;
  });
  for (auto& [removal, task] : decided) {
    const Status done = removal.finish();
    if (done) {
      result_.removed.push_back(*task);
    } else {
      leave(*task, done.error());
    }
  }
}

// Removes the tasks in parts, because each removal holds its task's lock. In a dry run, only adds
// them to the result.
void Collecting::carry_out_or_tell(const std::vector<CollectedTask>& tasks) {
  if (dry_run_) {
    result_.removed.insert(result_.removed.end(), tasks.begin(), tasks.end());
    return;
  }
  constexpr std::size_t kPart = 64;
  for (auto begin = tasks.begin(); begin != tasks.end();) {
    const auto end = begin + std::min<std::ptrdiff_t>(kPart, tasks.end() - begin);
    remove({begin, end});
    begin = end;
  }
}

// Checks whether left-over files could be removed. Without a stream there is no lock to ask for,
// and none is created for this check.
Status Collecting::ask_about_left_over(const std::string& id) const {
  if (!exists(paths_.runner_stream(id))) return check_not_being_made(paths_, id);
  const auto removal = TaskRemoval::begin(paths_, id, true, meant_.by_name.contains(id));
  return removal ? Status(Done{}) : Status(removal.error());
}

void Collecting::remove_left_overs() {
  std::vector<CollectedTask> going;
  for (const std::string& id : left_over_tasks(paths_)) {
    if (!meant_.contains(id)) continue;
    const auto stream = read_runner_stream(paths_.runner_stream(id));
    const History* const history = stream && stream->history.header() ? &stream->history : nullptr;
    const std::uint64_t bytes = disk_of_task(paths_, id, history).total();
    if (Status good = dry_run_ ? ask_about_left_over(id) : Status(Done{}); !good) {
      result_.left.push_back({id, good.error()});
      continue;
    }
    going.push_back({id, std::nullopt, 0, bytes, Retention::Kept});
  }
  carry_out_or_tell(going);
}

void Collecting::remove_trees() {
  const AsUser self(owner_);
  if (!self.holds()) return;
  for (TreeRemoval& tree : put_away_trees(paths_)) {
    while (!tree.done()) tree.step();
    if (tree.failure()) result_.left.push_back({"", *tree.failure()});
  }
}

Result<Collection> Collecting::carry_out(const RetentionRules& rules, Microseconds now) {
  const auto all = list_tasks(paths_);
  if (!all) return all.error();
  auto owner = owner_of_root(paths_);
  if (!owner) return owner.error();
  owner_ = std::move(*owner);
  for (const TaskEntry& entry : *all) {
    if (!meant_.contains(entry.id)) continue;
    if (entry.directory == TaskDirectory::Finished) {
      look_at(entry);
    } else {
      ++result_.active;
    }
  }
  std::vector<Retention> verdicts = judge_retention(ended_, rules, now);
  in_use_.refresh();
  keep_for_takers(ended_, in_use_.takers(), verdicts);
  std::vector<CollectedTask> tasks;
  for (const std::size_t i : removal_order(ended_, in_use_.takers(), verdicts)) {
    const EndedTask& task = ended_[i];
    tasks.push_back({task.id, states_.at(task.id), task.ended, task.bytes, verdicts[i]});
  }
  result_.kept = ended_.size() - tasks.size();
  result_.young =
      static_cast<std::size_t>(std::count(verdicts.begin(), verdicts.end(), Retention::Young));
  carry_out_or_tell(tasks);
  remove_left_overs();
  if (!dry_run_) remove_trees();
  std::stable_sort(result_.removed.begin(), result_.removed.end(),
                   [](const auto& a, const auto& b) { return a.ended < b.ended; });
  return std::move(result_);
}

}  // namespace

Result<Collection> collect_tasks(const Paths& paths, const MeantIds& meant,
                                 const RetentionRules& rules, Microseconds now, bool dry_run) {
  return Collecting(paths, meant, dry_run).carry_out(rules, now);
}

}  // namespace thermos
