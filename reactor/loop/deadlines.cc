#include "reactor/loop/deadlines.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace thermos {

Deadlines::Deadlines(Loop& loop)
    : loop_(loop), timer_(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (!timer_) throw std::system_error(errno, std::generic_category(), "cannot make a timer");
  poll_ = std::make_unique<Poll>(loop, timer_.get(), [this](int) { fire(); });
}

Deadlines::Key Deadlines::add(Microseconds at, std::function<void()> callback) {
  const Key key{at, order_++};
  due_.emplace(key, std::move(callback));
  arm();
  return key;
}

void Deadlines::cancel(const Key& key) {
  if (due_.erase(key) > 0) arm();
}

void Deadlines::arm() {
  if (due_.empty()) return;
  const Microseconds at = std::max<Microseconds>(1, due_.begin()->first.first);
  // A timerfd that fires too early costs one wake-up in vain at most. To set it later each time
  // that a timer is cancelled would cost a system call for each launch.
  if (armed_ != 0 && armed_ <= at) return;
  armed_ = at;
  itimerspec when{};
  when.it_value.tv_sec = at / kSecond;
  when.it_value.tv_nsec = at % kSecond * 1000;
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Deadlines::fire() {
  std::uint64_t times = 0;
  if (read(timer_.get(), &times, sizeof times) < 0) return;
  armed_ = 0;
  const Microseconds now = loop_.now().boot;
  while (!due_.empty() && due_.begin()->first.first <= now) {
    auto callback = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    callback();
  }
  arm();
}

}  // namespace thermos
