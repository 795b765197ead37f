#include "reactor/host/launch_queue.h"

#include <sys/resource.h>

#include <spdlog/spdlog.h>

namespace thermos {
namespace {

AdmissionLimits limits_here() {
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  return limits_for_descriptors(descriptors.rlim_max);
}

std::string what_is_short(Shortage shortage) {
  return shortage == Shortage::Other ? "short of something"
                                     : "short of " + std::string(name_of(shortage));
}

std::string how_many_wait(std::size_t count) {
  return count == 1 ? "1 launch waits" : std::to_string(count) + " launches wait";
}

std::string text_of(const LaunchAdmission::News& news) {
  if (news.over) return "not " + what_is_short(news.shortage) + " any more";
  return what_is_short(news.shortage) + ": " + news.reason + "; " + how_many_wait(news.waiting);
}

}  // namespace

LaunchQueue::LaunchQueue(Loop& loop, Deadlines& deadlines)
    : loop_(loop), deadlines_(deadlines), admission_(limits_here()) {}

LaunchQueue::~LaunchQueue() {
  if (timer_) deadlines_.cancel(*timer_);
}

LaunchQueue::Owner LaunchQueue::join(Task* task) {
  tasks_.emplace(next_owner_, task);
  return next_owner_++;
}

void LaunchQueue::leave(Owner owner) {
  admission_.leave(owner);
  tasks_.erase(owner);
}

void LaunchQueue::enqueue(Owner owner, ProcessIndex p, bool again) {
  admission_.enqueue({owner, p}, again);
  go_on();
}

void LaunchQueue::dequeue(Owner owner, ProcessIndex p) {
  admission_.dequeue({owner, p});
}

void LaunchQueue::over(Owner owner, ProcessIndex p, const link::LaunchOver& launch) {
  const Microseconds now = loop_.now().boot;
  admission_.over({owner, p}, launch.worked, now);
  if (launch.shortage != Shortage::None) {
    admission_.short_of({owner, p}, launch.shortage, launch.reason, now);
  }
  go_on();
}

void LaunchQueue::short_of(Owner owner, ProcessIndex p, Shortage shortage,
                           const std::string& reason) {
  admission_.short_of({owner, p}, shortage, reason, loop_.now().boot);
}

void LaunchQueue::room() {
  admission_.room(loop_.now().boot);
  go_on();
}

// Does not recurse: ten thousand launches that fail at once would need as deep a stack.
void LaunchQueue::go_on() {
  if (going_on_) return;
  going_on_ = true;
  while (const auto launch = admission_.next(loop_.now().boot)) {
    tasks_.at(launch->owner)->admitted(launch->process);
  }
  going_on_ = false;
  arm();
}

void LaunchQueue::arm() {
  const std::optional<Microseconds> at = admission_.wakes_at();
  if (at == armed_at_) return;
  if (timer_) deadlines_.cancel(*timer_);
  timer_.reset();
  armed_at_ = at;
  if (!at) return;
  timer_ = deadlines_.add(*at, [this] {
    timer_.reset();
    armed_at_.reset();
    go_on();
  });
}

bool LaunchQueue::say() {
  bool told = false;
  for (const LaunchAdmission::News& news : admission_.news()) {
    if (!news.owner) {
      spdlog::warn("{}{}", text_of(news), news.over ? "" : ", until it works");
      continue;
    }
    const auto task = tasks_.find(*news.owner);
    if (task == tasks_.end()) continue;
    task->second->shortage_changed(
        {news.shortage, news.over, news.over ? text_of(news) : news.reason});
    told = true;
  }
  go_on();  // for launches that may go on because a shortage is over or a task has left
  return told;
}

}  // namespace thermos
