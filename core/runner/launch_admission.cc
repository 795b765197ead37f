#include "core/runner/launch_admission.h"

#include <algorithm>
#include <utility>

namespace thermos {
namespace {

// The most launches that the fork server is given at a time, however many descriptors there are.
constexpr std::uint64_t kMostLaunches = 64;
// A launch has at most seven descriptors at a time, so the launches under way have at most 7 of 32.
constexpr std::uint64_t kForEachLaunch = 32;

// From a shortage to the next try, unless a run ends before: the kernel has no event for a pid,
// memory or a descriptor that another program gives back.
constexpr Microseconds kFirstTry = kSecond / 10;
constexpr Microseconds kLastTry = 5 * kSecond;

constexpr std::array<Shortage, kShortages - 1> kAll = {
    Shortage::Descriptors, Shortage::Pids, Shortage::Memory, Shortage::Disk, Shortage::Other};

std::size_t index_of(Shortage shortage) {
  return static_cast<std::size_t>(shortage);
}

}  // namespace

AdmissionLimits limits_for_descriptors(std::uint64_t descriptors) {
  AdmissionLimits limits;
  limits.launches = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(descriptors / kForEachLaunch, 1, kMostLaunches));
  limits.scarce_from = descriptors / 2;
  return limits;
}

bool LaunchAdmission::Task::empty() const {
  return queue.empty() && !told &&
         std::all_of(failed.begin(), failed.end(), [](const auto& set) { return set.empty(); });
}

std::size_t LaunchAdmission::Task::waiting(Shortage shortage) const {
  const std::set<ProcessIndex>& those = failed[index_of(shortage)];
  if (!is_machine_wide(shortage)) return those.size();
  const auto beside = std::count_if(those.begin(), those.end(),
                                    [this](ProcessIndex p) { return !places.contains(p); });
  return queue.size() + static_cast<std::size_t>(beside);
}

void LaunchAdmission::forget_if_empty(std::map<Owner, Task>::iterator task) {
  if (task->second.empty()) tasks_.erase(task);
}

// ---- who goes on -------------------------------------------------------------------------------

void LaunchAdmission::enqueue(Launch launch, bool again) {
  Task& task = tasks_[launch.owner];
  const std::int64_t place = again ? front_-- : back_++;
  task.queue.emplace(place, launch.process);
  task.places.emplace(launch.process, place);
  queued_.insert(launch.owner);
}

void LaunchAdmission::dequeue(Launch launch) {
  const auto task = tasks_.find(launch.owner);
  const auto place = task->second.places.find(launch.process);
  task->second.queue.erase(place->second);
  task->second.places.erase(place);
  if (task->second.queue.empty()) queued_.erase(launch.owner);
  settled(launch);
}

std::optional<LaunchAdmission::Launch> LaunchAdmission::next(Microseconds now) {
  if (queued_.empty() || under_way_.size() >= window_) return std::nullopt;
  if (opens_at_ && now < *opens_at_) return std::nullopt;
  auto owner = queued_.upper_bound(last_);
  if (owner == queued_.end()) owner = queued_.begin();
  last_ = *owner;
  const auto task = tasks_.find(last_);
  const auto first = task->second.queue.begin();
  const Launch launch{last_, first->second};
  task->second.queue.erase(first);
  task->second.places.erase(launch.process);
  if (task->second.queue.empty()) queued_.erase(owner);
  under_way_.insert(launch);
  forget_if_empty(task);
  return launch;
}

void LaunchAdmission::over(Launch launch, bool worked, Microseconds now) {
  if (under_way_.erase(launch) == 0 || !worked) return;
  settled(launch);
  // Launches that were under way when the shortage began tell nothing of how it is now.
  if (opens_at_ && now < *opens_at_) return;
  window_ = std::min(2 * window_, limits_.launches);
  if (window_ == limits_.launches) open();
}

void LaunchAdmission::room(Microseconds now) {
  if (opens_at_ && now < *opens_at_) opens_at_ = now;
}

void LaunchAdmission::leave(Owner owner) {
  tasks_.erase(owner);
  queued_.erase(owner);
  std::erase_if(under_way_, [owner](const Launch& launch) { return launch.owner == owner; });
}

std::optional<Microseconds> LaunchAdmission::wakes_at() const {
  if (queued_.empty() || under_way_.size() >= window_) return std::nullopt;
  return opens_at_;
}

// ---- shortages ---------------------------------------------------------------------------------

void LaunchAdmission::short_of(Launch launch, Shortage shortage, const std::string& reason,
                               Microseconds now) {
  State& state = states_[index_of(shortage)];
  if (!state.said && state.reason.empty()) state.reason = reason;
  Task& task = tasks_[launch.owner];
  settle(task, launch.process);
  task.failed[index_of(shortage)].insert(launch.process);
  if (!is_machine_wide(shortage)) return;
  // All launches under way may fail in one moment, which counts as one failure.
  if (!opens_at_ || *opens_at_ <= now) {
    wait_ = wait_ == 0 ? kFirstTry : std::min(2 * wait_, kLastTry);
    opens_at_ = now + wait_;
  }
  window_ = 1;
}

void LaunchAdmission::settle(Task& task, ProcessIndex process) {
  for (std::set<ProcessIndex>& failed : task.failed) failed.erase(process);
}

void LaunchAdmission::settled(Launch launch) {
  const auto task = tasks_.find(launch.owner);
  if (task == tasks_.end()) return;
  settle(task->second, launch.process);
  forget_if_empty(task);
}

bool LaunchAdmission::fails(Shortage shortage) const {
  return std::any_of(tasks_.begin(), tasks_.end(),
                     [shortage](const auto& task) { return task.second.failing(shortage); });
}

// Ends the limits of a shortage, unless another one holds on.
void LaunchAdmission::open() {
  if (fails(Shortage::Descriptors) || fails(Shortage::Pids) || fails(Shortage::Memory)) return;
  window_ = limits_.launches;
  wait_ = 0;
  opens_at_.reset();
}

bool LaunchAdmission::is_over(Shortage shortage) const {
  if (fails(shortage)) return false;
  return !is_machine_wide(shortage) || queued_.empty() || window_ == limits_.launches;
}

std::vector<LaunchAdmission::News> LaunchAdmission::news() {
  std::vector<News> news;
  const bool quiet = std::none_of(states_.begin(), states_.end(), [](const State& state) {
    return state.said || !state.reason.empty();
  });
  if (quiet) return news;
  for (const Shortage shortage : kAll) tell_machine(shortage, news);
  for (auto task = tasks_.begin(); task != tasks_.end();) {
    const auto here = task++;
    tell_task(here->first, here->second, news);
    forget_if_empty(here);
  }
  return news;
}

void LaunchAdmission::tell_machine(Shortage shortage, std::vector<News>& news) {
  State& state = states_[index_of(shortage)];
  if (!state.said && !fails(shortage)) {
    state.reason.clear();  // it was over before anybody was told
    return;
  }
  if (state.said && !is_over(shortage)) return;
  state.said = !state.said;
  News& one = news.emplace_back();
  one.shortage = shortage;
  one.over = !state.said;
  if (one.over) {
    state.reason.clear();
    if (is_machine_wide(shortage)) open();
    return;
  }
  for (const auto& [owner, task] : tasks_) one.waiting += task.waiting(shortage);
  one.reason = state.reason;
}

void LaunchAdmission::tell_task(Owner owner, Task& task, std::vector<News>& news) {
  std::optional<Shortage> met;
  for (const Shortage shortage : kAll) {
    const bool queued = is_machine_wide(shortage) && !task.queue.empty();
    const bool meets = states_[index_of(shortage)].said && (queued || task.failing(shortage));
    if (!met && meets) met = shortage;
  }
  if (met.has_value() == task.told.has_value()) return;
  if (met) {
    news.push_back({owner, *met, false, task.waiting(*met), states_[index_of(*met)].reason});
  } else {
    news.push_back({owner, *task.told, true, 0, {}});
  }
  task.told = met;
}

}  // namespace thermos
