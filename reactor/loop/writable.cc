#include "reactor/loop/writable.h"

#include <sys/epoll.h>

#include <utility>

namespace thermos {

Writable::Writable(Loop& loop, int fd, std::function<void()> call)
    : fd_(fd), call_(std::move(call)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  epoll_event event{};  // no events until wait() is called
  if (!epoll_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd_, &event) != 0) return;
  poll_.emplace(loop, epoll_.get(), [this](int) { ready(); });
  poll_->watch(0);
}

bool Writable::wait() {
  if (!poll_) return false;
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLONESHOT;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd_, &event) != 0) return false;
  poll_->watch(UV_READABLE);
  return true;
}

void Writable::ready() {
  poll_->watch(0);
  epoll_event event{};
  ::epoll_wait(epoll_.get(), &event, 1, 0);
  const auto call = call_;
  call();
}

}  // namespace thermos
